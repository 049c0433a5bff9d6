"""The values of signals, each kind in one written form, so that equal things are equal texts."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from typing import Final

from comity.errors import InputError
from comity.model.kind import Kind

__all__ = ["kind_of", "normalise"]


def normalise(kind: Kind, value: str) -> str:
    """The one written form of a value of this kind; it is the same again if it is given back.

    Raises InputError (`bad-value`) for what is none of this kind. The message does not quote the
    value, which may be personal or give an image away.
    """
    text = unicodedata.normalize("NFC", value.strip())
    form = _FORMS.get(kind, _words)
    found = form(text) if text else None
    if found is None:
        raise InputError(
            f"the value is no {_NAMES.get(kind, kind.value)}",
            code="bad-value",
            advice="Correct it, or name the right kind with --kind or in the column `kind`.",
        )
    return found


def kind_of(value: str) -> Kind | None:
    """The kind that a value shows by its shape, among those that can be told apart.

    None for all others, and for 64 hexadecimal digits, which may be SHA-256 or PDQ.
    """
    text = value.strip()
    for kind in _TELLING:
        if _FORMS[kind](text) is not None:
            return kind
    return None


_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_IN_LINES: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ASCII_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])\Z"
)
_DOTS: Final = re.compile("[.\u3002\uff0e\uff61]")
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30})://([^/?#]*)([/?#].*)?\Z", re.DOTALL)
_PORT: Final = re.compile(r"(.*?)(:\d{0,5})?\Z", re.DOTALL)
_MAIL: Final = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}\Z")
_TLSH: Final = re.compile(r"(?:T1)?([0-9A-F]{70})\Z")
_HEX: Final = {length: re.compile(f"[0-9a-f]{{{length}}}\\Z") for length in (32, 40, 64, 128)}
_IN_LABELS: Final = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
_JOINERS: Final = "\u200c\u200d\u00b7-_"


def _words(text: str) -> str | None:
    """Any text without control characters."""
    return text if _CONTROL.search(text) is None else None


def _lines(text: str) -> str | None:
    """Any text, on as many lines as it has."""
    return text if _CONTROL_IN_LINES.search(text) is None else None


def _domain(text: str) -> str | None:
    """A host name in its ASCII form, lower case, without the root's dot (RFC 5890, section 2.3)."""
    host = text.lower().removesuffix(".") if text.isascii() else _ascii_host(text)
    return host if host is not None and _ASCII_HOST.match(host) else None


def _ascii_host(text: str) -> str | None:
    """Labels in other scripts as A-labels, mapped as browsers do (UTS 46, nontransitional).

    Nontransitional: sharp s, final sigma and the joiners keep their own names, as in IDNA 2008,
    since registries sell them so.
    """
    labels = _DOTS.split(text.removesuffix("."))
    mapped = [_a_label(label) for label in labels]
    return ".".join(label for label in mapped if label is not None) if all(mapped) else None


def _a_label(label: str) -> str | None:
    lower = "".join(mark.lower() for mark in unicodedata.normalize("NFKC", label))
    name = unicodedata.normalize("NFKC", lower)
    if not name or name.isascii():
        return name
    if not all(mark in _JOINERS or unicodedata.category(mark) in _IN_LABELS for mark in name):
        return None
    return "xn--" + name.encode("punycode").decode("ascii")


def _url(text: str) -> str | None:
    """Scheme and host in lower case; the rest may mean something else in another case."""
    found = _URL.match(text)
    if found is None or _words(text) is None or any(mark.isspace() for mark in text):
        return None
    scheme, authority, rest = found.groups(default="")
    user, at, place = authority.rpartition("@")
    host, port = _PORT.match(place).groups(default="")  # type: ignore[union-attr]
    known = host.lower() if host.isascii() else _ascii_host(host)
    if known is None or not (known or rest.strip("/")):
        return None
    return f"{scheme.lower()}://{user}{at}{known}{port}{rest}"


def _email(text: str) -> str | None:
    """Mailbox and domain in lower case, as providers compare them."""
    mailbox, _, host = text.rpartition("@")
    domain = _domain(host)
    if domain is None or not _MAIL.match(mailbox):
        return None
    return f"{mailbox.lower()}@{domain}"


def _ipv4(text: str) -> str | None:
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return None
    return _address(network)


def _ipv6(text: str) -> str | None:
    if "%" in text:
        return None
    try:
        network = ipaddress.IPv6Network(text, strict=False)
    except ValueError:
        return None
    return _address(network)


def _address(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """One address, or a network with its prefix length."""
    single = network.prefixlen == network.max_prefixlen
    return str(network.network_address if single else network)


def _hexadecimal(*lengths: int) -> Callable[[str], str | None]:
    """Digits in lower case, of one of these lengths."""

    def form(text: str) -> str | None:
        pattern = _HEX.get(len(text)) if len(text) in lengths else None
        lower = text.lower()
        return lower if pattern is not None and pattern.match(lower) else None

    return form


def _tlsh(text: str) -> str | None:
    found = _TLSH.match(text.upper())
    return f"T1{found[1]}" if found is not None else None


_FORMS: Final[dict[Kind, Callable[[str], str | None]]] = {
    Kind.DOMAIN: _domain,
    Kind.URL: _url,
    Kind.IPV4: _ipv4,
    Kind.IPV6: _ipv6,
    Kind.EMAIL: _email,
    Kind.FILE_HASH: _hexadecimal(32, 40, 64, 128),
    Kind.MD5: _hexadecimal(32),
    Kind.SHA1: _hexadecimal(40),
    Kind.SHA256: _hexadecimal(64),
    Kind.PDQ: _hexadecimal(64),
    Kind.TLSH: _tlsh,
    Kind.TEXT: _lines,
}
_NAMES: Final = {
    Kind.DOMAIN: "domain name",
    Kind.URL: "URL",
    Kind.IPV4: "IPv4 address",
    Kind.IPV6: "IPv6 address",
    Kind.EMAIL: "e-mail address",
    Kind.FILE_HASH: "file hash (32, 40, 64 or 128 hexadecimal digits)",
    Kind.MD5: "MD5 hash (32 hexadecimal digits)",
    Kind.SHA1: "SHA-1 hash (40 hexadecimal digits)",
    Kind.SHA256: "SHA-256 hash (64 hexadecimal digits)",
    Kind.PDQ: "PDQ hash (64 hexadecimal digits)",
    Kind.TLSH: "TLSH hash (70 hexadecimal digits, T1 before them)",
}
_TELLING: Final = (
    Kind.URL,
    Kind.IPV4,
    Kind.IPV6,
    Kind.EMAIL,
    Kind.MD5,
    Kind.SHA1,
    Kind.TLSH,
    Kind.DOMAIN,
)
