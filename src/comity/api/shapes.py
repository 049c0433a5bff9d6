"""Shapes that several resources of the JSON API share."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from comity.model.marking import Code
from comity.model.purpose import Purpose

__all__ = ["HandlingDocument", "PapWord", "TlpWord"]

TlpWord = Literal["red", "amber+strict", "amber", "green", "clear"]
PapWord = Literal["red", "amber", "green", "clear"]


class HandlingDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A handling. An absent list is no limit, an empty one means nobody or nothing."""

    id: Annotated[str, msgspec.Meta(description="its STIX marking-definition")]
    tlp: TlpWord
    originators: tuple[str, ...] = ()
    recipients: tuple[str, ...] | None = None
    persons: tuple[str, ...] | None = None
    communities: tuple[str, ...] | None = None
    orcon: bool = False
    purposes: tuple[Purpose, ...] | None = None
    agreements: tuple[str, ...] | None = None
    legal_bases: tuple[str, ...] = ()
    pap: PapWord | None = None
    codes: tuple[Code, ...] = ()
    notices: tuple[str, ...] = ()
    retention_days: int | None = None
    caveats: tuple[str, ...] = ()
    unread: Annotated[
        tuple[str, ...], msgspec.Meta(description="markings that this version cannot express")
    ] = ()
    objects: Annotated[int | None, msgspec.Meta(description="how many objects got it")] = None
