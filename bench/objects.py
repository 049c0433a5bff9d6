"""The objects that SHARE is measured with: those of ATT&CK, or made-up ones of the same sizes."""

from __future__ import annotations

import gzip
import os
import random
import uuid
from pathlib import Path
from typing import NamedTuple

import msgspec

__all__ = ["BATCH", "Material", "material"]

BATCH = 500
"""Objects in one request."""

FILES = ("cyber/attack-mobile-17.1.json.gz", "cyber/attack-ics-18.1.json.gz")

# (type, how many in a thousand, median and 90th percentile of bytes) of those files.
SIZES = (
    ("relationship", 800, 1_410, 1_670),
    ("attack-pattern", 72, 2_950, 4_630),
    ("malware", 38, 2_090, 3_260),
    ("x-mitre-analytic", 21, 2_700, 4_460),
    ("x-mitre-detection-strategy", 20, 1_240, 1_250),
    ("course-of-action", 17, 1_450, 2_490),
    ("x-mitre-data-component", 14, 3_620, 26_500),
    ("intrusion-set", 8, 4_460, 11_300),
    ("x-mitre-tactic", 6, 1_710, 2_600),
    ("campaign", 4, 2_820, 3_440),
)
MADE_UP = 4_000


class Material(NamedTuple):
    """Objects as JSON, each (id, version) once, and where they are from."""

    source: str
    objects: list[bytes]

    @property
    def batches(self) -> list[bytes]:
        """Envelopes of BATCH objects."""
        starts = range(0, len(self.objects), BATCH)
        return [envelope(self.objects[start : start + BATCH]) for start in starts]


class _Bundle(msgspec.Struct):
    objects: list[msgspec.Raw]


class _Named(msgspec.Struct):
    id: str
    modified: str = ""

    @property
    def is_marking(self) -> bool:
        return self.id.startswith("marking-definition--")


def material() -> Material:
    """ATT&CK's objects from COMITY_TEST_DATA; made-up ones where that is not set.

    Markings come first, as a sender must hand them in: an object whose marking nobody knows yet
    is given to nobody.
    """
    folder = os.environ.get("COMITY_TEST_DATA")
    if not folder:
        return Material("made-up objects", [_made_up(n) for n in range(MADE_UP)])
    found: dict[tuple[bool, str, str], bytes] = {}
    for name in FILES:
        bundle = msgspec.json.decode(
            gzip.decompress((Path(folder) / name).read_bytes()), type=_Bundle
        )
        for raw in bundle.objects:
            one = msgspec.json.decode(raw, type=_Named)
            found.setdefault((not one.is_marking, one.id, one.modified), bytes(raw))
    ordered = sorted(found, key=lambda key: key[0])
    return Material("ATT&CK for Mobile and ICS", [found[key] for key in ordered])


def envelope(objects: list[bytes]) -> bytes:
    """A TAXII envelope around objects."""
    return b'{"objects":[' + b",".join(objects) + b"]}"


def _made_up(number: int) -> bytes:
    """An object of a type and size as they are in ATT&CK; the same for the same number."""
    chosen = random.Random(number)
    kinds = chosen.choices(SIZES, weights=[share for _, share, _, _ in SIZES])
    kind, _, median, ninetieth = kinds[0]
    one: dict[str, object] = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.UUID(int=chosen.getrandbits(128), version=4)}",
        "created": "2024-01-01T00:00:00.000Z",
        "modified": f"2025-01-01T00:{number // 60 % 60:02}:{number % 60:02}.000Z",
        "name": f"Made up {number}",
        "description": "",
    }
    one |= _required(kind, chosen)
    size = int(median * (ninetieth / median) ** abs(chosen.gauss() / 1.28))
    missing = max(0, min(size, 60_000) - len(msgspec.json.encode(one)))
    one["description"] = " ".join(["words"] * (missing // 6))
    return msgspec.json.encode(one)


def _required(kind: str, chosen: random.Random) -> dict[str, object]:
    """What a type must have beside the common properties."""
    if kind == "relationship":
        ends = (str(uuid.UUID(int=chosen.getrandbits(128), version=4)) for _ in range(2))
        return {
            "relationship_type": "uses",
            "source_ref": f"malware--{next(ends)}",
            "target_ref": f"attack-pattern--{next(ends)}",
        }
    return {"is_family": True} if kind == "malware" else {}
