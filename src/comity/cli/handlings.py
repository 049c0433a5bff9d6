"""A handling in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["handling_in_words"]


def handling_in_words(content: Mapping[str, Any]) -> str:
    """One line such as `TLP:AMBER; to 3 members; originator control; for detection`.

    `content` are the JSON fields of a handling as the answers of the node give them.
    """
    said = [f"TLP:{str(content['tlp']).upper()}"]
    if "recipients" in content:
        said.append(f"to {_count(content['recipients'], 'member')}")
    if "persons" in content:
        said.append("for " + (", ".join(content["persons"]) or "nobody by name"))
    if content.get("orcon"):
        said.append("originator control")
    if "pap" in content:
        said.append(f"PAP:{str(content['pap']).upper()}")
    said += [f"{title} {', '.join(content[field])}" for field, title in _LISTS if field in content]
    if "retention_days" in content:
        said.append(f"kept {content['retention_days']} days")
    if content.get("unread"):
        said.append(_count(content["unread"], "marking") + " that cannot be read")
    return "; ".join(said)


_LISTS: Final = (
    ("communities", "in the community"),
    ("purposes", "for"),
    ("agreements", "under the agreement"),
    ("codes", "code"),
    ("notices", "notice:"),
    ("caveats", "caveat:"),
)


def _count(items: list[str], noun: str) -> str:
    return f"{len(items)} {noun}" + ("" if len(items) == 1 else "s")
