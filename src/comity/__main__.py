"""The command `comity`, where the faces meet: the command line is handed the server to start."""

from __future__ import annotations

from pathlib import Path

from comity.cli import app

__all__ = ["main"]


def main() -> None:
    """Run the command line; does not return."""
    app(obj=_serve)


def _serve(
    directory: Path,
    *,
    host: str,
    port: int,
    workers: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
) -> None:
    from comity.api.server import serve

    serve(
        directory,
        host=host,
        port=port,
        workers=workers,
        tls_cert=tls_cert,
        tls_key=tls_key,
        behind_proxy=behind_proxy,
    )


if __name__ == "__main__":
    main()
