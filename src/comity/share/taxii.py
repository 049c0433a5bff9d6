"""TAXII 2.1 as a server speaks it: filters read, pages asked for, documents written.

Media types, status codes and routes are the face's (`api.taxii`). Filters: TAXII 2.1, section
3.4; paging: section 3.5; resources: sections 4 and 5. The text of `next` is the `date_added` of
the last entry given, so a retried request gives the same page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from comity.errors import InputError
from comity.handling import Page, Released
from comity.holdings import Collection, Query, VersionFilter
from comity.model.ids import is_stix_id
from comity.model.time import EPOCH, Micros, format_time, parse_time
from comity.share.circumstances import Taken
from comity.wire.envelope import message

__all__ = [
    "MAX_LIMIT",
    "MEDIA_TYPE",
    "STIX_MEDIA_TYPE",
    "all_versions",
    "collection_document",
    "date_headers",
    "envelope",
    "manifest",
    "read_query",
    "status_document",
    "versions",
]

MEDIA_TYPE: Final = "application/taxii+json;version=2.1"
STIX_MEDIA_TYPE: Final = "application/stix+json;version=2.1"
MAX_LIMIT: Final = 1000
"""Objects a page holds at most; a larger `limit` is cut, as section 3.4 allows."""

_SPEC_VERSIONS: Final = ("2.0", "2.1")


def read_query(
    collection: str, params: Mapping[str, Sequence[str]], *, ids: tuple[str, ...] = ()
) -> Query:
    """The filters of a request as a query; `ids` are those of a request by id.

    Raises InputError (`bad-filter`) naming the parameter: a malformed value is an error of the
    client (400), never silently the default.
    """
    after = _single(params, "added_after")
    start = Micros(-1) if after is None else _time("added_after", after)
    following = _single(params, "next")
    if following is not None:
        start = max(start, _cursor(following))
    return Query(
        collection=collection,
        after=start,
        limit=_limit(_single(params, "limit")),
        ids=ids or _ids(_several(params, "match[id]")),
        types=_types(_several(params, "match[type]")),
        spec_versions=_spec_versions(_several(params, "match[spec_version]")),
        version=_version(_several(params, "match[version]")),
    )


def all_versions(query: Query) -> Query:
    """The same for a listing of versions, which shows every one unless told otherwise."""
    return msgspec.structs.replace(query, version=VersionFilter(all=True, last=False), slices=False)


def _single(params: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = params.get(name, ())
    if len(values) > 1:
        raise _bad(name, "it is given twice")
    return values[0] if values else None


def _several(params: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    text = _single(params, name)
    if text is None:
        return ()
    values = tuple(part.strip() for part in text.split(","))
    if not all(values):
        raise _bad(name, "it holds an empty value")
    return values


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_LIMIT
    if not (text.isascii() and text.isdigit()) or not 0 < len(text) < 10 or int(text) == 0:
        raise _bad("limit", "it is no whole number above 0")
    return min(int(text), MAX_LIMIT)


def _time(name: str, text: str) -> Micros:
    try:
        return parse_time(text)
    except InputError as why:
        raise _bad(name, why.message) from None


def _cursor(text: str) -> Micros:
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise _bad("next", "it is none that this server gave")
    return Micros(int(text))


def _ids(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not is_stix_id(value):
            raise _bad("match[id]", f"{value[:80]!r} is no STIX identifier")
    return tuple(dict.fromkeys(values))


def _types(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value.replace("-", "").isalnum() or not value.isascii():
            raise _bad("match[type]", f"{value[:80]!r} is no STIX type")
    return tuple(dict.fromkeys(values))


def _spec_versions(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if value not in _SPEC_VERSIONS:
            raise _bad("match[spec_version]", f"{value[:20]!r} is no version of STIX")
    return tuple(dict.fromkeys(values))


def _version(values: tuple[str, ...]) -> VersionFilter:
    if not values:
        return VersionFilter()
    words = {word for word in values if word in ("all", "first", "last")}
    if "all" in words and len(set(values)) > 1:
        raise _bad("match[version]", "`all` stands alone")
    return VersionFilter(
        all="all" in words,
        first="first" in words,
        last="last" in words,
        exact=tuple(_time("match[version]", value) for value in values if value not in words),
    )


def _bad(name: str, why: str) -> InputError:
    return InputError(
        f"the parameter {name} cannot be read: {why}",
        code="bad-filter",
        advice="See TAXII 2.1, section 3.4, for the filters and their values.",
        where=name,
    )


def envelope(page: Page, generation: int | None = None) -> bytes:
    """An envelope (section 3.7) around the very bytes of the objects; `{}` when there are none.

    `generation` is told to other nodes of Comity only: where it rose, they pull in full.
    """
    told = {} if generation is None else {"x_comity_generation": generation}
    slices = (row.slice for row in page.rows if row.slice is not None)
    return message(told | _paging(page), "objects", slices)


def manifest(page: Page) -> bytes:
    """A manifest (section 5.3): id, date added, version and media type of each entry."""
    records = (
        {
            "id": row.id,
            "date_added": format_time(row.date_added),
            "version": format_time(row.modified),
            "media_type": f"application/stix+json;version={row.spec_version}",
        }
        for row in page.rows
    )
    return message(_paging(page), "objects", map(msgspec.json.encode, records))


def versions(page: Page) -> bytes:
    """The versions of one object (section 5.8)."""
    stamps = (format_time(row.modified) for row in page.rows)
    return message(_paging(page), "versions", map(msgspec.json.encode, stamps))


def _paging(page: Page) -> dict[str, object]:
    """How the listing goes on.

    Manifest and versions carry `next` as well, a custom property there (section 7.1): clients
    that page by it alone would otherwise never end.
    """
    return {"more": True, "next": str(page.rows[-1].date_added)} if page.more else {}


def date_headers(released: Released[Page], after: Micros) -> dict[str, str]:
    """`X-TAXII-Date-Added-First` and `-Last` (section 3.6.1), on empty answers too.

    An empty answer repeats the request's `added_after`, so that a client that goes on from the
    header stands where it stood.
    """
    rows = released.value.rows
    start = max(after, EPOCH)
    first = rows[0].date_added if rows else start
    last = rows[-1].date_added if rows else start
    return {
        "X-TAXII-Date-Added-First": format_time(first),
        "X-TAXII-Date-Added-Last": format_time(last),
    }


def collection_document(
    collection: Collection, *, can_read: bool, can_write: bool
) -> dict[str, object]:
    """A collection resource (section 5.2)."""
    document: dict[str, object] = {"id": collection.id, "title": collection.name}
    about = [
        f"community {collection.community}" if collection.community else "",
        f"theme {collection.theme}" if collection.theme else "",
    ]
    if any(about):
        document["description"] = ", ".join(filter(None, about)).capitalize()
    return document | {
        "can_read": can_read,
        "can_write": can_write,
        "media_types": [STIX_MEDIA_TYPE],
    }


def status_document(status_id: str, taken: Taken, requested: Micros) -> dict[str, object]:
    """A status resource (section 4.3.1): what was kept and what was not, each with its reason."""
    failures = [
        {
            "id": problem.object or problem.where,
            "version": format_time(requested if modified is None else modified),
            "message": f"{problem.message} ({problem.code}; {problem.where})",
        }
        for problem, modified in taken.failures
    ]
    notices = _notices(taken)
    successes = [
        {"id": name, "version": format_time(modified)}
        | ({"message": notices[name]} if name in notices else {})
        for name, modified in taken.stored
    ]
    document: dict[str, object] = {
        "id": status_id,
        "status": "complete",
        "request_timestamp": format_time(requested),
        "total_count": taken.read,
        "success_count": taken.new + taken.known,
        "failure_count": taken.conflicts + taken.refused,
        "pending_count": 0,
    }
    if successes:
        document["successes"] = successes
    if failures:
        document["failures"] = failures
    return document


def _notices(taken: Taken) -> dict[str, str]:
    """What a sender is told about objects that were kept."""
    failed = {problem.object for problem, _ in taken.failures}
    told: dict[str, str] = {}
    for problem in taken.problems:
        if problem.object is not None and problem.object not in failed:
            text = f"{problem.message} ({problem.code})"
            told[problem.object] = "; ".join(filter(None, (told.get(problem.object), text)))
    return told
