"""Labels: what they cover, that they cannot be changed, and that they are read in full."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.handling.builders import NOW

from comity.errors import InputError
from comity.handling import Cover, Unsigned, make_labels, read_label, verify_label
from comity.handling.labels import MAX_COVERS
from comity.model.canonical import canonical
from comity.model.ids import LABEL_EXTENSION, LABEL_TYPE
from comity.model.merkle import leaf_hash
from comity.model.time import Micros

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ARDEN = "11111111-1111-4111-8111-111111111111"
BRISCO = "55555555-5555-4555-8555-555555555555"
HANDLING = "marking-definition--22222222-2222-4222-8222-222222222222"
COVERS = (
    Cover("indicator--33333333-3333-4333-8333-333333333333", Micros(NOW - 5), "ab" * 32),
    Cover("indicator--33333333-3333-4333-8333-333333333333", NOW, "cd" * 32),
    Cover("malware--44444444-4444-4444-8444-444444444444", Micros(0), "ef" * 32),
)

Document = dict[str, Any]


def make(wanted: Sequence[Unsigned], now: Micros = NOW, seed: int = 1) -> list[Document]:
    made = list(make_labels(wanted, ARDEN, now, KEY.sign, Random(seed).randbytes))
    documents: list[Document] = [json.loads(raw) for _, raw in made]
    assert [label_id for label_id, _ in made] == [one["id"] for one in documents]
    return documents


def made(
    covers: tuple[Cover, ...] = COVERS, expires_at: Micros | None = None, now: Micros = NOW
) -> Document:
    (only,) = make([Unsigned(covers, HANDLING, expires_at)], now)
    return only


def verify(member: str, message: bytes, signature: bytes) -> bool:
    """What a node does that has pinned Arden's key, and no other."""
    try:
        KEY.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return member == ARDEN


def holds(document: Document) -> bool:
    """Whether the label can be read and is sealed by the member that it names."""
    try:
        label = read_label(document)
    except InputError:
        return False
    return verify_label(document, label, verify)


# --------------------------------------------------------------------------------- round trip

covers = st.builds(
    Cover,
    st.uuids().map(lambda one: f"indicator--{one}"),
    st.integers(0, NOW).map(Micros),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
)
moments = st.none() | st.integers(0, 2 * NOW).map(Micros)


wanted = st.builds(
    Unsigned,
    st.lists(covers, min_size=1, max_size=5).map(tuple),
    st.uuids().map(lambda one: f"marking-definition--{one}"),
    moments,
    moments,
)


@given(st.lists(wanted, max_size=70))
def test_what_labels_say_reads_back_in_the_order_asked_for(asked: list[Unsigned]) -> None:
    documents = make(asked)
    assert len(documents) == len(asked)
    for one, document in zip(asked, documents, strict=True):
        label = read_label(document)
        assert label.covers == tuple(sorted(set(one.covers)))
        assert label.handling_id == one.handling_id
        assert (label.expires_at, label.review_at) == (one.expires_at, one.review_at)
        assert (label.id, label.labelled_by, label.created) == (document["id"], ARDEN, NOW)
        assert holds(document)


def test_it_is_a_new_object_of_stix() -> None:
    document = made()
    assert document["type"] == LABEL_TYPE
    assert document["spec_version"] == "2.1"
    assert document["extensions"] == {LABEL_EXTENSION: {"extension_type": "new-sdo"}}
    assert document["created"] == document["modified"]


def test_saying_it_again_or_in_another_order_makes_the_same_label() -> None:
    first = made()
    for again in (made(COVERS[::-1], now=Micros(NOW + 1)), made((*COVERS, COVERS[0]))):
        assert again["id"] == first["id"]
        assert again["covers"] == first["covers"]
    assert made(expires_at=NOW)["id"] != first["id"]
    assert made(COVERS[:2])["id"] != first["id"]


def test_the_id_is_golden() -> None:
    # Computed apart, by uuid.uuid5 over the namespace, the type, a NUL and the RFC 8785 text.
    assert made()["id"] == "x-comity-label--a48b69e4-f369-5ccb-87f2-5e689074668d"


# ------------------------------------------------------------------------------------ groups


def several(count: int, seed: int = 1) -> list[Document]:
    return make([Unsigned((cover,), HANDLING) for cover in many(count)], seed=seed)


def test_one_signature_seals_up_to_32_labels() -> None:
    asked: list[bytes] = []

    def sign(message: bytes) -> bytes:
        asked.append(message)
        return KEY.sign(message)

    wanted = [Unsigned((cover,), HANDLING) for cover in many(65)]
    assert len(list(make_labels(wanted, ARDEN, NOW, sign, Random(1).randbytes))) == 65
    assert len(asked) == 3


@pytest.mark.parametrize("count", [1, 2, 31, 32])
def test_a_label_does_not_tell_how_many_others_there_are(count: int) -> None:
    seals = [document["seal"] for document in several(count)]
    assert {seal["size"] for seal in seals} == {32}
    assert {len(seal["path"]) for seal in seals} == {5}
    assert len({seal["index"] for seal in seals}) == count
    first = {several(count, seed)[0]["seal"]["index"] for seed in range(40)}
    assert len(first) > 10


def test_who_has_one_label_cannot_try_out_what_its_neighbours_say() -> None:
    """Guessing a label whole is of no use, since its hash is salted."""
    documents = several(32)
    hashes = {place for document in documents for place in document["seal"]["path"]}
    for document in documents:
        unsealed = {name: part for name, part in document.items() if name != "seal"}
        assert leaf_hash(canonical(unsealed)).hex() not in hashes
    assert len({document["seal"]["salt"] for document in documents}) == 32


def test_a_seal_seals_its_own_label_alone() -> None:
    one, other = several(2)
    assert holds(one)
    assert holds(other)
    assert not holds(one | {"seal": other["seal"]})


# ------------------------------------------------------------------------------------ bounds


def many(count: int) -> tuple[Cover, ...]:
    return tuple(
        Cover(f"indicator--33333333-3333-4333-8333-{number:012d}", NOW, "ab" * 32)
        for number in range(count)
    )


def test_a_thousand_objects_and_no_more() -> None:
    label = read_label(made(many(MAX_COVERS)))
    assert len(label.covers) == MAX_COVERS == 1000
    for count in (0, MAX_COVERS + 1):
        with pytest.raises(ValueError, match="covers 1 to 1000"):
            made(many(count))


def test_a_label_over_more_is_refused_on_reading_too() -> None:
    document = made(many(MAX_COVERS))
    document["covers"].append(document["covers"][0])
    with pytest.raises(InputError) as refused:
        read_label(document)
    assert refused.value.code == "bad-label"
    document["covers"] = []
    with pytest.raises(InputError):
        read_label(document)


# --------------------------------------------------------------------------------- tampering


def swap_cover(document: Document) -> None:
    document["covers"][0]["sha256"] = "00" * 32


def add_cover(document: Document) -> None:
    document["covers"].append({**document["covers"][0], "sha256": "00" * 32})


def other_version(document: Document) -> None:
    document["covers"][0]["modified"] = "2020-01-01T00:00:00.000000Z"


def other_handling(document: Document) -> None:
    document["handling_ref"] = HANDLING.replace("2222-4222", "2222-4223")


def other_member(document: Document) -> None:
    document["labelled_by_ref"] = "identity--55555555-5555-4555-8555-555555555555"


def no_expiry(document: Document) -> None:
    del document["expires_at"]


def later_expiry(document: Document) -> None:
    document["expires_at"] = "2099-01-01T00:00:00.000000Z"


def older(document: Document) -> None:
    document["created"] = "2020-01-01T00:00:00.000000Z"


def other_place(document: Document) -> None:
    document["seal"]["index"] ^= 1


def smaller_tree(document: Document) -> None:
    document["seal"]["size"] -= 1


def other_path(document: Document) -> None:
    document["seal"]["path"][2] = "00" * 32


def shorter_path(document: Document) -> None:
    document["seal"]["path"].pop()


def other_salt(document: Document) -> None:
    document["seal"]["salt"] = "00" * 16


def other_signature(document: Document) -> None:
    document["seal"]["signature"] = KEY.sign(b"something else").hex()


SAID = [swap_cover, add_cover, other_version, other_handling, other_member, no_expiry, later_expiry]


SEALED = [other_place, smaller_tree, other_path, shorter_path, other_salt, other_signature]


@pytest.mark.parametrize("tamper", [*SAID, older, *SEALED])
def test_no_change_leaves_the_seal_whole(tamper: Callable[[Document], None]) -> None:
    document = made(expires_at=Micros(NOW + 1))
    assert holds(document)
    label = read_label(document)
    tamper(document)
    assert not holds(document)
    if tamper not in SEALED:
        # Not even beside what was read before the change.
        assert not verify_label(document, label, verify)


def test_a_label_names_who_sealed_it() -> None:
    """Arden's key does not seal what says that Brisco labelled it, whatever the id."""
    wanted = [Unsigned(COVERS, HANDLING)]
    ((_, raw),) = make_labels(wanted, BRISCO, NOW, KEY.sign, Random(1).randbytes)
    assert not holds(json.loads(raw))


@pytest.mark.parametrize("tamper", SAID)
def test_no_change_of_what_it_says_leaves_the_id(
    tamper: Callable[[Document], None],
) -> None:
    document = made(expires_at=Micros(NOW + 1))
    tamper(document)
    with pytest.raises(InputError) as refused:
        read_label(document)
    assert refused.value.code == "bad-label"
    assert refused.value.where == document["id"]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "x-other-label"},
        {"spec_version": "2.0"},
        {"covers": "everything"},
        {"covers": [{"id": "a"}]},
        {"handling_ref": "everything"},
        {"handling_ref": None},
        {"labelled_by_ref": ARDEN},
        {"seal": None},
        {"seal": {}},
        {"seal": {**made()["seal"], "signature": "ab"}},
        {"seal": {**made()["seal"], "signature": "zz" * 64}},
        {"seal": {**made()["seal"], "size": "32"}},
        {"seal": {**made()["seal"], "until": 5}},
        {"extensions": {}},
        {"extensions": {LABEL_EXTENSION: {"extension_type": "new-sdo", "only": "members"}}},
        {"created": "yesterday"},
        {"expires_at": "2027-13-01"},
        {"expires_at": 5},
        {"only_for": "members of the order"},
        {"revoked": True},
        {"id": 5},
        {"extensions": None},
    ],
)
def test_what_is_not_of_the_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError) as refused:
        read_label(made() | change)
    assert refused.value.code == "bad-label"
    assert refused.value.advice
