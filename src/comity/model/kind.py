"""The kinds of thing a signal may name: a closed list, the same words as `--kind`."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["CYBER", "PERSONAL", "Kind"]


class Kind(StrEnum):
    """What a signal's value is, and so how it is normalised and matched."""

    DOMAIN = "domain"
    URL = "url"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    EMAIL = "email"
    FILE_HASH = "file-hash"
    PDQ = "pdq"
    VPDQ = "vpdq"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    TLSH = "tlsh"
    TEXT = "text"
    PERSON = "person"
    DOCUMENT = "document"
    CONTAINER = "container"
    SUBSTANCE = "substance"
    IBAN = "iban"
    WALLET = "wallet"
    PHONE = "phone"
    HANDLE = "handle"
    VEHICLE = "vehicle"


PERSONAL: Final = frozenset(
    {Kind.PERSON, Kind.DOCUMENT, Kind.PHONE, Kind.EMAIL, Kind.HANDLE, Kind.IBAN}
)
"""Kinds whose values are personal data: they need a purpose and a case or programme."""

CYBER: Final = frozenset(
    {
        Kind.DOMAIN,
        Kind.URL,
        Kind.IPV4,
        Kind.IPV6,
        Kind.FILE_HASH,
        Kind.MD5,
        Kind.SHA1,
        Kind.SHA256,
    }
)
"""Technical indicators, which TLP:GREEN without a named community lets every member have."""
