"""`comity serve`: the node on a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Protocol

import typer

from comity.cli.options import Directory, Json, example

__all__ = ["Server", "verb"]

verb = typer.Typer()


class Server(Protocol):
    """What serves a node: another face, so it is handed in (`comity.__main__`)."""

    def __call__(
        self,
        directory: Path,
        *,
        host: str,
        port: int,
        workers: int,
        tls_cert: Path | None,
        tls_key: Path | None,
        behind_proxy: bool,
    ) -> None:
        """Serve until asked to stop; prints one line `{"listening": URL}` when ready."""


@verb.command(
    epilog=example(
        "comity serve north --port 8701",
        "comity serve north --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    ),
)
def serve(
    context: typer.Context,
    directory: Directory,
    *,
    host: Annotated[str, typer.Option(metavar="HOST", help="The address to listen at.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="0 takes a free one.")
    ] = 8700,
    workers: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Processes.")] = 1,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate chain, as PEM.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, as PEM.")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy in front of it speaks TLS.")
    ] = False,
    as_json: Json = False,  # noqa: ARG001  # Its one line is JSON in any case.
) -> None:
    """Serve TAXII, the JSON API and the log over HTTP.

    Prints one line {"listening": "http://..."} when ready. Without TLS only a loopback address
    is served, unless --behind-proxy says that a proxy stands before it.
    """
    server: Server = context.obj
    server(
        directory,
        host=host,
        port=port,
        workers=workers,
        tls_cert=tls_cert,
        tls_key=tls_key,
        behind_proxy=behind_proxy,
    )
