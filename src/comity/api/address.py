"""Where a server listens: the address checked, the port reserved before anything is started."""

from __future__ import annotations

import errno
import ipaddress
import socket
from pathlib import Path
from typing import Final

import msgspec

from comity.errors import SettingsError, UsageError

__all__ = ["Address", "Tls", "check_exposure", "reserve", "resolve"]


class Tls(msgspec.Struct, frozen=True):
    """Certificate chain and key, as paths of PEM files."""

    certificate: str
    key: str

    @classmethod
    def of(cls, certificate: Path | None, key: Path | None) -> Tls | None:
        """Both or none; raises UsageError for one alone, SettingsError for what does not load."""
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            raise UsageError(
                "a certificate needs its key", advice="Give both --tls-cert and --tls-key."
            )
        _check_loads(certificate, key)
        return cls(str(certificate.resolve()), str(key.resolve()))


def _check_loads(certificate: Path, key: Path) -> None:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as why:
        raise SettingsError(
            f"the certificate or its key cannot be used: {why}",
            code="bad-certificate",
            advice="Give PEM files that belong together, the key without a passphrase.",
            where=str(certificate),
        ) from None


class Address(msgspec.Struct, frozen=True):
    """`host` as it was given, `ip` and `port` where the server binds."""

    host: str
    ip: str
    port: int
    tls: Tls | None = None

    @property
    def url(self) -> str:
        """What is printed: `http://host:port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.tls is None else 'https'}://{host}:{self.port}"

    @property
    def reachable_ip(self) -> str:
        """The address under which this machine itself reaches it."""
        if not ipaddress.ip_address(self.ip).is_unspecified:
            return self.ip
        return "::1" if ":" in self.ip else "127.0.0.1"


def check_exposure(ip: str, tls: Tls | None, behind_proxy: bool) -> None:
    """Credentials travel in the clear without TLS, so only to this machine or to a proxy on it."""
    if tls is None and not behind_proxy and not ipaddress.ip_address(ip).is_loopback:
        raise UsageError(
            "without TLS a node is served to this machine alone",
            code="tls-needed",
            advice="Give --tls-cert and --tls-key, or --behind-proxy where a proxy ends TLS.",
        )


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    """The first address of a host; raises UsageError where there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise UsageError(f"{host[:80]!r} is no address of this machine", code="bad-host") from None
    family, _, _, _, where = found[0]
    return family, str(where[0])


def reserve(family: socket.AddressFamily, ip: str, port: int) -> socket.socket:
    """A bound socket that holds the port for the workers; 0 takes a free one.

    The workers bind the same port beside it (SO_REUSEPORT) and it never listens itself. That
    nobody else listens there already is tried first, since sharing would go unnoticed. Raises
    UsageError where the port cannot be had.
    """
    holder = socket.socket(family, socket.SOCK_STREAM)
    try:
        if port:
            with socket.socket(family, socket.SOCK_STREAM) as alone:
                alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                alone.bind((ip, port))
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((ip, port))
    except OSError as why:
        holder.close()
        reason = _REASONS.get(why.errno or 0, why.strerror or "the system refuses it")
        raise UsageError(
            f"port {port} of {ip} cannot be had: {reason}",
            code="port-not-free",
            advice="Choose another --port or --host; port 0 takes a free one.",
        ) from None
    return holder


_REASONS: Final = {
    errno.EADDRINUSE: "another program listens there",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
    errno.EACCES: "it needs more rights than this program has",
}
