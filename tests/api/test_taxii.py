from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from typing import Any

import httpx
import msgspec
import pytest
from tests.api.conftest import Place, indicator
from tests.simulator import Simulated, bearer

from comity.api.media import MAX_BODY, TAXII_MEDIA_TYPE
from comity.model.member import Role
from comity.model.purpose import Purpose

FIRST, LAST = "X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last"
EPOCH = "1970-01-01T00:00:00.000000Z"
ABSENT = "indicator--00000000-0000-4000-8000-000000000000"


def ask(place: Place, path: str, token: str | None = None, **options: Any) -> httpx.Response:  # noqa: ANN401
    headers = bearer(token or place.program.token) | options.pop("headers", {})
    method = options.pop("method", "GET")
    url = path if path.startswith("/") else f"/taxii2/api/{path}"
    return place.north.client.request(method, url, headers=headers, **options)


def post(
    place: Place,
    collection: str,
    *objects: dict[str, Any],
    token: str | None = None,
    content: bytes | None = None,
    **headers: str,
) -> httpx.Response:
    body = msgspec.json.encode({"objects": objects}) if content is None else content
    sent = {"Content-Type": TAXII_MEDIA_TYPE} | {k.replace("_", "-"): v for k, v in headers.items()}
    path = f"collections/{collection}/objects/"
    return ask(place, path, token, method="POST", content=body, headers=sent)


def get_paths(place: Place) -> list[str]:
    base = f"/taxii2/api/collections/{place.open}"
    return [
        "/taxii2/",
        "/taxii2/api/",
        "/taxii2/api/collections/",
        f"{base}/",
        f"{base}/manifest/",
        f"{base}/objects/",
        f"{base}/objects/{place.clear}/",
        f"{base}/objects/{place.clear}/versions/",
    ]


def assert_error(answer: httpx.Response, status: int) -> dict[str, Any]:
    """An error message of TAXII 2.1 (section 3.6.1) with this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == TAXII_MEDIA_TYPE
    message: dict[str, Any] = answer.json()
    assert message["title"]
    assert message["http_status"] == str(status)
    assert message["error_code"]
    return message


# ------------------------------------------------------------------------- every resource alike


def test_every_answer_is_taxii(place: Place) -> None:
    for path in get_paths(place):
        for url in (path, path.rstrip("/")):
            answer = ask(place, url)
            assert answer.status_code == 200, path
            assert answer.headers["Content-Type"] == TAXII_MEDIA_TYPE
            assert isinstance(answer.json(), dict)


def test_what_takes_no_taxii_gets_406(place: Place) -> None:
    for path in get_paths(place):
        assert_error(ask(place, path, headers={"Accept": "application/json"}), 406)
        assert_error(
            ask(place, path, headers={"Accept": "application/taxii+json;version=2.0"}), 406
        )
        for accepted in ("*/*", "application/taxii+json", f"{TAXII_MEDIA_TYPE}, text/html;q=0.1"):
            assert ask(place, path, headers={"Accept": accepted}).status_code == 200


def test_nobody_gets_401(place: Place) -> None:
    for path in get_paths(place):
        assert_error(place.north.client.get(path), 401)


def test_head_is_get_without_its_body(place: Place) -> None:
    for path in get_paths(place):
        full, head = ask(place, path), ask(place, path, method="HEAD")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == full.headers["Content-Length"]
        assert head.headers["Content-Type"] == TAXII_MEDIA_TYPE


def test_options_names_the_methods(place: Place) -> None:
    objects = f"/taxii2/api/collections/{place.open}/objects/"
    answer = place.north.client.options(objects)
    assert answer.status_code == 204
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_other_methods_get_405(place: Place) -> None:
    for path in get_paths(place):
        answer = ask(place, path, method="PUT")
        assert_error(answer, 405)
        assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("below", ["nothing/", "api/nothing/", "api/status/", "api/status/x/"])
def test_what_is_not_there_gets_404(place: Place, below: str) -> None:
    assert_error(ask(place, f"/taxii2/{below}"), 404)


def test_a_collection_that_is_not_there_gets_404(place: Place) -> None:
    nowhere = f"collections/{uuid.uuid4()}"
    for path in ("", "/manifest", "/objects", f"/objects/{ABSENT}", f"/objects/{ABSENT}/versions"):
        assert_error(ask(place, f"{nowhere}{path}/"), 404)
    assert_error(post(place, str(uuid.uuid4()), indicator()), 404)


# -------------------------------------------------------------------------- server information


def test_discovery_names_the_root_as_the_caller_reaches_it(place: Place) -> None:
    found = ask(place, "/taxii2/").json()
    assert found["default"] == "http://north.test/taxii2/api/"
    assert found["api_roots"] == [found["default"]]
    assert found["title"]
    other = ask(place, "/taxii2/", headers={"Host": "elsewhere.example:8443"}).json()
    assert other["default"] == "http://elsewhere.example:8443/taxii2/api/"
    # Without a proxy in front of us, anybody could say this.
    told = ask(place, "/taxii2/", headers={"X-Forwarded-Proto": "https"}).json()
    assert told == found


def test_the_root_says_what_it_takes(place: Place) -> None:
    root = ask(place, "/taxii2/api/").json()
    assert root["versions"] == [TAXII_MEDIA_TYPE]
    assert root["max_content_length"] == MAX_BODY == 104857600


def test_collections_say_what_the_caller_may(place: Place) -> None:
    reader = place.users[Role.READER].token
    listed = {one["id"]: one for one in ask(place, "collections/").json()["collections"]}
    assert (listed[place.open]["can_read"], listed[place.open]["can_write"]) == (True, True)
    assert (listed[place.inbox]["can_read"], listed[place.inbox]["can_write"]) == (False, True)
    assert (listed[place.board]["can_read"], listed[place.board]["can_write"]) == (True, False)
    for name, one in listed.items():
        assert ask(place, f"collections/{name}/").json() == one
        assert ask(place, f"collections/{name}/", reader).json()["can_write"] is False


# ---------------------------------------------------------------------------------- reading


def test_objects_come_as_the_very_bytes(place: Place) -> None:
    raw = b'{"type" : "indicator","spec_version":"2.1", "id":"indicator--%s",\n' % (
        str(uuid.uuid4()).encode()
    )
    raw += (
        b'"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","x_number":1.50,'
        b'"pattern":"[file:name = \'a\']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"'
        b',"object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"]}'
    )
    done = post(place, place.open, content=b'{"objects" : [ %s ]}' % raw)
    assert done.json()["success_count"] == 1, done.text
    answer = ask(place, f"collections/{place.open}/objects/{json.loads(raw)['id']}/")
    assert answer.content == b'{"objects":[' + raw + b"]}"


def test_paging_gives_each_object_once(place: Place) -> None:
    path = f"collections/{place.open}/objects/"
    everything = [one["id"] for one in ask(place, path).json()["objects"]]
    assert place.clear in everything
    assert place.strict not in everything
    seen: list[str] = []
    params = {"limit": "1"}
    while True:
        answer = ask(place, path, params=params)
        page = answer.json()
        seen += [one["id"] for one in page["objects"]]
        assert answer.headers[FIRST] == answer.headers[LAST]
        if not page.get("more"):
            break
        params["next"] = page["next"]
    assert sorted(seen) == sorted(everything)


def test_going_on_from_the_header_gives_the_rest(place: Place) -> None:
    path = f"collections/{place.open}/manifest/"
    listed = ask(place, path).json()["objects"]
    first = ask(place, path, params={"limit": "1"})
    rest = ask(place, path, params={"added_after": first.headers[LAST]})
    assert first.json()["objects"] + rest.json()["objects"] == listed
    assert rest.headers[FIRST] == listed[1]["date_added"]
    assert rest.headers[LAST] == listed[-1]["date_added"]


def test_an_empty_answer_repeats_where_the_caller_stands(place: Place) -> None:
    for name in ("manifest", "objects"):
        path = f"collections/{place.board}/{name}/"
        answer = ask(place, path)
        assert (answer.status_code, answer.content) == (200, b"{}")
        assert answer.headers[FIRST] == answer.headers[LAST] == EPOCH
        later = ask(place, path, params={"added_after": "2026-02-03T04:05:06Z"})
        assert later.headers[FIRST] == later.headers[LAST] == "2026-02-03T04:05:06.000000Z"


def test_every_read_carries_both_dates(place: Place) -> None:
    for path in get_paths(place)[4:]:
        answer = ask(place, path)
        assert EPOCH < answer.headers[FIRST] <= answer.headers[LAST]


def test_filters_choose(place: Place) -> None:
    path = f"collections/{place.open}/objects/"
    for params, expected in (
        ({"match[id]": place.clear}, [place.clear]),
        ({"match[id]": f"{place.clear},{ABSENT}"}, [place.clear]),
        ({"match[id]": ABSENT}, []),
        ({"match[id]": place.strict}, []),
        ({"match[type]": "malware"}, []),
        ({"match[spec_version]": "2.0"}, []),
        ({"match[id]": place.clear, "match[version]": "all"}, [place.clear]),
        ({"match[id]": place.clear, "match[version]": "2026-05-01T00:00:00.000Z"}, [place.clear]),
        ({"match[id]": place.clear, "match[version]": "2020-05-01T00:00:00Z"}, []),
        ({"match[unknown]": "x", "match[id]": place.clear, "unknown": "y"}, [place.clear]),
    ):
        found = ask(place, path, params=params).json()
        assert [one["id"] for one in found.get("objects", [])] == expected, params


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1&limit=2",
        "added_after=yesterday",
        "added_after=2026-01-01T00:00:00%2B01:00",
        "added_after=",
        "next=x",
        "match[id]=x",
        "match[id]=",
        "match[type]=a,,b",
        "match[type]=..",
        "match[version]=newest",
        "match[version]=all,last",
        "match[spec_version]=3.0",
        "match[id]=indicator--1&match[id]=indicator--2",
        "&".join(f"a{n}=1" for n in range(51)),
    ],
)
def test_malformed_filters_get_400(place: Place, query: str) -> None:
    for name in ("objects", "manifest"):
        assert_error(ask(place, f"collections/{place.open}/{name}/?{query}"), 400)


def test_the_manifest_agrees_with_the_objects(place: Place) -> None:
    objects = ask(place, f"collections/{place.open}/objects/").json()["objects"]
    records = ask(place, f"collections/{place.open}/manifest/").json()["objects"]
    assert [one["id"] for one in records] == [one["id"] for one in objects]
    assert {one["media_type"] for one in records} == {"application/stix+json;version=2.1"}


def test_versions_are_listed(place: Place) -> None:
    answer = ask(place, f"collections/{place.open}/objects/{place.clear}/versions/")
    assert answer.json() == {"versions": ["2026-05-01T00:00:00.000000Z"]}


def test_absent_deleted_and_withheld_are_the_same_404(place: Place) -> None:
    gone = indicator()
    assert post(place, place.open, gone).json()["success_count"] == 1
    one = f"collections/{place.open}/objects/{gone['id']}/"
    assert ask(place, one).status_code == 200
    assert ask(place, one, method="DELETE").status_code == 200
    for suffix in ("", "versions/"):
        answers = [
            ask(place, f"collections/{place.open}/objects/{name}/{suffix}")
            for name in (ABSENT, gone["id"], place.strict, "no-id-at-all")
        ]
        assert_error(answers[0], 404)
        assert len({answer.content for answer in answers}) == 1
        assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1


def test_a_collection_for_writing_alone_is_not_read(place: Place) -> None:
    for path in ("manifest/", "objects/", f"objects/{ABSENT}/", f"objects/{ABSENT}/versions/"):
        assert_error(ask(place, f"collections/{place.inbox}/{path}"), 403)


def test_a_node_of_comity_is_told_the_generation(place: Place) -> None:
    path = f"collections/{place.board}/objects/"
    assert "x_comity_generation" not in ask(place, path).json()
    told = ask(place, path, headers={"Comity-Generation": "0"}).json()
    assert isinstance(told["x_comity_generation"], int)


def test_the_purpose_is_one_that_the_credential_holds(place: Place) -> None:
    path = f"collections/{place.open}/objects/{place.clear}/"
    for purpose, status in (
        (Purpose.DETECTION, 200),
        (Purpose.NETWORK_DEFENCE, 200),
        (Purpose.PROSECUTION, 403),
        ("curiosity", 400),
        ("", 400),
    ):
        answer = ask(place, path, headers={"Comity-Purpose": purpose})
        assert answer.status_code == status, purpose
        if status != 200:
            assert_error(answer, status)


def test_large_pages_are_compressed_where_asked(place: Place) -> None:
    post(place, place.open, *[indicator(f"n{number}.example") for number in range(20)])
    path = f"collections/{place.open}/objects/"
    plain = ask(place, path, headers={"Accept-Encoding": "identity"})
    packed = ask(place, path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) < len(plain.content)
    assert packed.content == plain.content


# ------------------------------------------------------------------------------------- adding


def test_what_was_added_is_told_object_by_object(place: Place) -> None:
    good, bad = indicator(), {"type": "indicator"}
    answer = post(place, place.open, good, bad, good)
    assert answer.status_code == 202
    assert answer.headers["Content-Type"] == TAXII_MEDIA_TYPE
    status = answer.json()
    assert status["status"] == "complete"
    counts = [status[name] for name in ("total_count", "success_count", "failure_count")]
    assert counts == [3, 2, 1]
    assert {one["id"] for one in status["successes"]} == {good["id"]}
    (failure,) = status["failures"]
    assert "object 1" in failure["message"] or "object 2" in failure["message"]
    assert ask(place, f"status/{status['id']}/").json() == status
    assert_error(ask(place, f"status/{status['id']}/", place.person.token), 404)


def test_the_same_again_is_no_error_and_changes_nothing(place: Place) -> None:
    one = indicator()
    post(place, place.open, one)
    path = f"collections/{place.open}/manifest/"
    before = ask(place, path, params={"match[id]": one["id"]}).content
    again = post(place, place.open, one).json()
    assert (again["success_count"], again["failure_count"]) == (1, 0)
    assert ask(place, path, params={"match[id]": one["id"]}).content == before


def test_an_empty_envelope_adds_nothing(place: Place) -> None:
    for content in (b"{}", b'{"objects":[]}', b'{"more":false}'):
        answer = post(place, place.open, content=content)
        assert answer.status_code == 202, answer.text
        assert answer.json()["total_count"] == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"1",
        b'"text"',
        b'{"objects":[{"type":"indicator"}',
        b'{"objects":[{"type":"indicator"}]} {}',
        b'{"objects":{}}',
        b'{"objects":"x"}',
        b"\xff\xfe{\x00}\x00",
        b'{"type":"indicator","id":"indicator--1"}',
        gzip.compress(b'{"objects":[]}'),
    ],
)
def test_what_is_no_envelope_gets_422_and_nothing_is_kept(place: Place, content: bytes) -> None:
    before = ask(place, f"collections/{place.open}/manifest/").content
    assert_error(post(place, place.open, content=content), 422)
    assert ask(place, f"collections/{place.open}/manifest/").content == before


def test_one_object_that_nests_too_deeply_does_not_spoil_the_others(place: Place) -> None:
    good = indicator()
    deep = b'{"type":"x-deep","id":"x-deep--%s","a":%s}' % (
        str(uuid.uuid4()).encode(),
        b"[" * 5000 + b"]" * 5000,
    )
    body = b'{"objects":[%s,%s]}' % (deep, msgspec.json.encode(good))
    status = post(place, place.open, content=body).json()
    assert (status["success_count"], status["failure_count"]) == (1, 1)
    assert status["successes"][0]["id"] == good["id"]


def test_gzip_bodies_are_taken(place: Place) -> None:
    one = indicator()
    body = gzip.compress(msgspec.json.encode({"objects": [one]}))
    answer = post(place, place.open, content=body, Content_Encoding="gzip")
    assert answer.json()["successes"][0]["id"] == one["id"]
    assert_error(post(place, place.open, content=body[:-9], Content_Encoding="gzip"), 400)
    assert_error(post(place, place.open, content=body, Content_Encoding="br"), 415)


def test_bodies_beyond_the_bound_get_413(place: Place) -> None:
    assert_error(post(place, place.open, Content_Length=str(MAX_BODY + 1)), 413)
    bomb = gzip.compress(bytes(MAX_BODY + 1), 1)
    assert_error(post(place, place.open, content=bomb, Content_Encoding="gzip"), 413)


def test_other_media_types_get_415(place: Place) -> None:
    for name in ("application/json", "application/taxii+json;version=2.0", "text/plain", ""):
        assert_error(post(place, place.open, indicator(), Content_Type=name), 415)
    named = post(place, place.open, indicator(), Content_Type="application/taxii+json")
    assert named.status_code == 202


def test_adding_needs_a_role_and_an_open_collection(place: Place) -> None:
    reader = place.users[Role.READER].token
    assert_error(post(place, place.open, indicator(), token=reader), 403)
    assert_error(post(place, place.board, indicator()), 403)
    assert post(place, place.inbox, indicator()).status_code == 202


def test_the_sender_of_unmarked_objects_is_told_the_default(place: Place) -> None:
    status = post(place, place.inbox, indicator()).json()
    assert "default-handling" in status["successes"][0]["message"]


# ----------------------------------------------------------------------------------- deleting


def test_only_the_originator_deletes(place: Place) -> None:
    path = f"collections/{place.open}/objects/{place.clear}/"
    assert_error(ask(place, path, method="DELETE"), 403)
    assert ask(place, path).status_code == 200


@pytest.mark.parametrize(
    ("collection", "writer", "status"),
    [("board", True, 403), ("inbox", True, 403), ("inbox", False, 404), ("open", False, 403)],
)
def test_deleting_needs_reading_and_writing(
    place: Place, collection: str, writer: bool, status: int
) -> None:
    token = place.program.token if writer else place.users[Role.READER].token
    where = getattr(place, collection)
    path = f"collections/{where}/objects/{place.clear}/"
    assert_error(ask(place, path, token, method="DELETE"), status)


def test_one_version_can_be_deleted(place: Place) -> None:
    old = indicator()
    new = old | {"modified": "2026-05-02T00:00:00.000Z"}
    post(place, place.open, old, new)
    path = f"collections/{place.open}/objects/{old['id']}/"
    assert len(ask(place, f"{path}versions/").json()["versions"]) == 2
    gone = ask(place, f"{path}?match[version]=2026-05-02T00:00:00.000Z", method="DELETE")
    assert (gone.status_code, gone.content) == (200, b"")
    assert gone.headers["Content-Type"] == TAXII_MEDIA_TYPE
    assert ask(place, path).json()["objects"][0]["modified"] == old["modified"]
    assert_error(ask(place, f"collections/{place.open}/objects/{ABSENT}/", method="DELETE"), 404)


# ---------------------------------------------------------------------------------- who sees what


def test_terms_hold_at_every_door(place: Place) -> None:
    """What is this member's alone is there for its own users, and for nobody else anywhere."""
    base = f"collections/{place.open}"
    own = place.users[Role.READER].token
    for token, seen in ((own, True), (place.program.token, False), (place.person.token, False)):
        listed = ask(place, f"{base}/objects/", token).text
        named = ask(place, f"{base}/manifest/", token).text
        assert (place.strict in listed, place.strict in named) == (seen, seen)
        assert (ask(place, f"{base}/objects/{place.strict}/", token).status_code == 200) is seen
        found = ask(place, "/api/find?q=strict.example", token).json()["found"]
        assert bool(found) is seen


def test_a_page_has_the_hashes_that_were_sent(place: Place) -> None:
    sent = [msgspec.json.encode(indicator(f"h{number}.example")) for number in range(3)]
    post(place, place.open, content=b'{"objects":[%s]}' % b",".join(sent))
    names = ",".join(json.loads(one)["id"] for one in sent)
    raw = ask(place, f"collections/{place.open}/objects/", params={"match[id]": names}).content
    slices = msgspec.json.decode(raw, type=dict[str, list[msgspec.Raw]])["objects"]
    hashes = {hashlib.sha256(bytes(one)).hexdigest() for one in slices}
    assert hashes == {hashlib.sha256(one).hexdigest() for one in sent}


def test_reads_are_in_the_journal(place: Place) -> None:
    def rows(one: Simulated) -> int:
        one.settle()
        return int(one.client.get("/log/checkpoint").text.splitlines()[1])

    before = rows(place.north)
    ask(place, f"collections/{place.open}/objects/")
    ask(place, f"collections/{place.open}/objects/{place.clear}/")
    assert rows(place.north) == before + 2
