"""Media types, request bodies and compression: what a message is made of, before what it says.

TAXII 2.1 speaks of them in sections 1.6.8 and 3.1, RFC 9110 in 8.4 and 12.5.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

from comity.errors import InputError, LimitError, UsageError

__all__ = [
    "MAX_BODY",
    "TAXII_MEDIA_TYPE",
    "NotAcceptableError",
    "UnprocessableError",
    "WrongMediaError",
    "check_accept",
    "check_content_type",
    "check_json",
    "compressed",
    "decoded",
]

MAX_BODY: Final = 100 << 20
"""Bytes of a request body at most, compressed or not: `max_content_length` of the API root."""

TAXII_MEDIA_TYPE: Final = "application/taxii+json;version=2.1"

_WORTH_COMPRESSING: Final = 4096
_LEVEL: Final = 1
"""The fastest: pages are made anew for each reader, and JSON shrinks well at any level."""

_GZIP: Final = 16 + zlib.MAX_WBITS


class NotAcceptableError(UsageError):
    """The caller takes no form that this resource has (RFC 9110, section 15.5.7)."""

    code = "not-acceptable"


class WrongMediaError(UsageError):
    """The body is of a form that this resource does not take (RFC 9110, section 15.5.16)."""

    code = "wrong-media-type"


class UnprocessableError(InputError):
    """The body can be read, and is not what this resource takes (RFC 9110, section 15.5.21)."""

    code = "unprocessable"


def check_accept(header: str | None) -> None:
    """Raise NotAcceptableError unless TAXII 2.1 is among what the caller takes.

    A media range without a version takes the newest there is; no header takes anything.
    """
    if header is None or not header.strip():
        return
    for part in header.split(","):
        name, parameters = _media_range(part)
        if parameters.get("q", "1").rstrip("0").rstrip(".") in ("0", ""):
            continue
        if name in ("*/*", "application/*") or _is_taxii(name, parameters):
            return
    raise NotAcceptableError(
        "no media type that this server gives is accepted",
        advice=f"Accept {TAXII_MEDIA_TYPE}.",
        where="Accept",
    )


def check_content_type(header: str | None) -> None:
    """Raise WrongMediaError unless a body is TAXII 2.1."""
    if header is None or not _is_taxii(*_media_range(header)):
        raise WrongMediaError(
            "bodies of this media type are not taken here",
            advice=f"Send Content-Type: {TAXII_MEDIA_TYPE}.",
            where="Content-Type",
        )


def check_json(header: str | None) -> None:
    """Raise WrongMediaError unless a body is JSON.

    A web page of another site cannot send this type unasked, so a browser that remembers a
    password here cannot be made to use it.
    """
    if _media_range(header or "")[0] != "application/json":
        raise WrongMediaError(
            "bodies of this media type are not taken here",
            advice="Send Content-Type: application/json.",
            where="Content-Type",
        )


def _is_taxii(name: str, parameters: Mapping[str, str]) -> bool:
    return name == "application/taxii+json" and parameters.get("version", "2.1") == "2.1"


def _media_range(text: str) -> tuple[str, dict[str, str]]:
    """A media type in lower case, and its parameters."""
    name, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest)
    parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
    return name.strip().lower(), parameters


def decoded(body: bytes, encoding: str | None, most: int = MAX_BODY) -> bytes:
    """A request body without its Content-Encoding.

    Raises WrongMediaError for an encoding but gzip, LimitError for more than `most` bytes,
    InputError where it is broken.
    """
    name = (encoding or "identity").strip().lower()
    if name == "identity":
        return body
    if name not in ("gzip", "x-gzip"):
        raise WrongMediaError(
            "bodies in this encoding are not taken here",
            advice="Send it with gzip or without Content-Encoding.",
            where="Content-Encoding",
        )
    stream = zlib.decompressobj(_GZIP)
    try:
        plain = stream.decompress(body, most + 1)
    except zlib.error:
        raise _broken() from None
    if len(plain) > most:
        raise LimitError(f"the body expands to more than {most} bytes")
    if not stream.eof or stream.unused_data:
        raise _broken()
    return plain


def _broken() -> InputError:
    return InputError("the gzip data of the body is broken or breaks off", code="gzip-broken")


def compressed(body: bytes, accept_encoding: str | None) -> tuple[bytes, dict[str, str]]:
    """A response body with gzip where it is asked for and worth it, and the headers that say so."""
    headers = {"Vary": "Accept-Encoding"}
    if len(body) < _WORTH_COMPRESSING or not _takes_gzip(accept_encoding or ""):
        return body, headers
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return stream.compress(body) + stream.flush(), headers | {"Content-Encoding": "gzip"}


def _takes_gzip(header: str) -> bool:
    ranges = dict(map(_media_range, header.split(",")))
    for name in ("gzip", "x-gzip", "*"):
        if name in ranges:
            return ranges[name].get("q", "1").rstrip("0").rstrip(".") not in ("0", "")
    return False
