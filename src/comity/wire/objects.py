"""STIX 2.1's object types: the category of each, and the properties it cannot do without.

Sections 4 (domain objects), 5 (relationships), 6 (cyber-observable objects) and 7 (meta objects)
of the standard.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Final

__all__ = ["ANY_OF", "REQUIRED", "Category", "Shape", "category_of"]


class Shape(StrEnum):
    """What the value of a property has to be; each stands in the tables below as one letter."""

    TEXT = "s"
    BOOLEAN = "b"
    INTEGER = "i"
    TIMESTAMP = "t"
    IDENTIFIER = "r"
    IDENTIFIERS = "R"
    LIST = "L"
    OBJECT = "d"


class Category(Enum):
    """What an object is, and so which common properties it has (STIX 2.1, section 3.2)."""

    DOMAIN = "domain object"
    RELATIONSHIP = "relationship object"
    OBSERVABLE = "cyber-observable object"
    META = "meta object"


def category_of(stix_type: str, value: Mapping[str, object]) -> Category:
    """The category of an object of this type.

    A type that the standard does not know is read as a domain object if it is versioned, else as
    a cyber-observable object.
    """
    known = _CATEGORY.get(stix_type)
    if known is not None:
        return known
    if "created" in value and "modified" in value:
        return Category.DOMAIN
    return Category.OBSERVABLE


def _table(text: str) -> dict[str, dict[str, Shape]]:
    """`type property:letter ...` a line -> {type: {property: shape}}."""
    table: dict[str, dict[str, Shape]] = {}
    for line in text.strip().splitlines():
        stix_type, *words = line.split()
        pairs = [word.split(":") for word in words]
        table[stix_type] = {name: Shape(letter) for name, letter in pairs}
    return table


_DOMAIN: Final = _table("""
attack-pattern name:s
campaign name:s
course-of-action name:s
grouping context:s object_refs:R
identity name:s
incident name:s
indicator pattern:s pattern_type:s valid_from:t
infrastructure name:s
intrusion-set name:s
location
malware is_family:b
malware-analysis product:s
note content:s object_refs:R
observed-data first_observed:t last_observed:t number_observed:i
opinion opinion:s object_refs:R
report name:s published:t object_refs:R
threat-actor name:s
tool name:s
vulnerability name:s
""")
_RELATIONSHIP: Final = _table("""
relationship relationship_type:s source_ref:r target_ref:r
sighting sighting_of_ref:r
""")
_OBSERVABLE: Final = _table("""
artifact
autonomous-system number:i
directory path:s
domain-name value:s
email-addr value:s
email-message is_multipart:b
file
ipv4-addr value:s
ipv6-addr value:s
mac-addr value:s
mutex name:s
network-traffic protocols:L
process
software name:s
url value:s
user-account
windows-registry-key
x509-certificate
""")
_META: Final = _table("""
extension-definition created_by_ref:r name:s schema:s version:s extension_types:L
language-content object_ref:r contents:d
marking-definition
""")

REQUIRED: Final = _DOMAIN | _RELATIONSHIP | _OBSERVABLE | _META
"""Type -> its required properties beside the common ones, and their shapes."""

ANY_OF: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "artifact": (("payload_bin", "url"),),
    "file": (("hashes", "name"),),
    "location": (("region", "country", "latitude"),),
    "malware-analysis": (("result", "analysis_sco_refs"),),
    "marking-definition": (("definition", "extensions"),),
    "network-traffic": (("src_ref", "dst_ref"),),
    "observed-data": (("objects", "object_refs"),),
}
"""Type -> sets of properties of which at least one has to be there."""

_CATEGORY: Final = (
    dict.fromkeys(_DOMAIN, Category.DOMAIN)
    | dict.fromkeys(_RELATIONSHIP, Category.RELATIONSHIP)
    | dict.fromkeys(_OBSERVABLE, Category.OBSERVABLE)
    | dict.fromkeys(_META, Category.META)
)
