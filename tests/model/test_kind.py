from __future__ import annotations

from comity.model.kind import CYBER, PERSONAL, Kind

WORDS = (
    "domain url ipv4 ipv6 email file-hash pdq vpdq md5 sha1 sha256 tlsh text person document "
    "container substance iban wallet phone handle vehicle"
)


def test_the_kinds_are_those_of_the_interface() -> None:
    assert [kind.value for kind in Kind] == WORDS.split()


def test_no_kind_is_both_personal_and_technical() -> None:
    personal = ["person", "document", "phone", "email", "handle", "iban"]
    technical = ["domain", "url", "ipv4", "ipv6", "file-hash", "md5", "sha1", "sha256"]
    assert sorted(kind.value for kind in PERSONAL) == sorted(personal)
    assert sorted(kind.value for kind in CYBER) == sorted(technical)
    assert not PERSONAL & CYBER
