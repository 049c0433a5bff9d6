from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import InputError
from comity.model.kind import Kind
from comity.wire.values import kind_of, normalise

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


@pytest.mark.parametrize(
    ("kind", "given_as", "form"),
    [
        (Kind.DOMAIN, " Example.ORG. ", "example.org"),
        (Kind.DOMAIN, "_dmarc.made-up.example", "_dmarc.made-up.example"),
        (Kind.DOMAIN, "bücher.example", "xn--bcher-kva.example"),
        (Kind.DOMAIN, "BU\u0308CHER.example", "xn--bcher-kva.example"),
        (Kind.DOMAIN, "faß.example", "xn--fa-hia.example"),
        (Kind.DOMAIN, "βόλος.example", "xn--nxasmm1c.example"),
        (Kind.DOMAIN, "例え。テスト", "xn--r8jz45g.xn--zckzah"),
        (Kind.DOMAIN, "ｅｘａｍｐｌｅ．com", "example.com"),
        (Kind.DOMAIN, "XN--R8JZ45G.xn--zckzah", "xn--r8jz45g.xn--zckzah"),
        (Kind.URL, "HTTPS://Example.ORG/Path?Q=1#F", "https://example.org/Path?Q=1#F"),
        (Kind.URL, "http://User@EXAMPLE.org:8080/", "http://User@example.org:8080/"),
        (Kind.URL, "http://bücher.example/Ä", "http://xn--bcher-kva.example/Ä"),
        (Kind.URL, "http://[2001:DB8::1]:80/x", "http://[2001:db8::1]:80/x"),
        (Kind.IPV4, "192.0.2.1", "192.0.2.1"),
        (Kind.IPV4, "192.0.2.1/32", "192.0.2.1"),
        (Kind.IPV4, "192.0.2.77/24", "192.0.2.0/24"),
        (Kind.IPV6, "2001:DB8:0:0::1", "2001:db8::1"),
        (Kind.IPV6, "2001:db8::/32", "2001:db8::/32"),
        (Kind.EMAIL, "Made.Up@Example.ORG", "made.up@example.org"),
        (Kind.EMAIL, "x@bücher.example", "x@xn--bcher-kva.example"),
        (Kind.MD5, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
        (Kind.PDQ, PDQ.upper(), PDQ),
        (Kind.FILE_HASH, hashlib.sha512(b"").hexdigest().upper(), hashlib.sha512(b"").hexdigest()),
        (Kind.TLSH, "a" * 70, "T1" + "A" * 70),
        (Kind.TLSH, "t1" + "a" * 70, "T1" + "A" * 70),
        (Kind.PERSON, "  Made\u0301 Up ", "Mad\u00e9 Up"),
        (Kind.TEXT, "two\nlines", "two\nlines"),
    ],
)
def test_a_value_has_one_form(kind: Kind, given_as: str, form: str) -> None:
    assert normalise(kind, given_as) == form
    assert normalise(kind, form) == form


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.DOMAIN, ""),
        (Kind.DOMAIN, "localhost"),
        (Kind.DOMAIN, "192.0.2.1"),
        (Kind.DOMAIN, "made up.example"),
        (Kind.DOMAIN, "-x.example"),
        (Kind.DOMAIN, "a..example"),
        (Kind.DOMAIN, "x" * 64 + ".example"),
        (Kind.DOMAIN, "x." * 130 + "example"),
        (Kind.DOMAIN, "http://x.example"),
        (Kind.DOMAIN, "evil[.]example"),
        (Kind.DOMAIN, "ex☃mple.example"),
        (Kind.URL, "x.example/path"),
        (Kind.URL, "http:///"),
        (Kind.URL, "http://x.example/a b"),
        (Kind.URL, "http://x.example/\n"[:-1] + "\x00"),
        (Kind.IPV4, "192.0.2.256"),
        (Kind.IPV4, "192.0.2.01"),
        (Kind.IPV4, "2001:db8::1"),
        (Kind.IPV4, "5"),
        (Kind.IPV6, "192.0.2.1"),
        (Kind.IPV6, "fe80::1%eth0"),
        (Kind.EMAIL, "x.example"),
        (Kind.EMAIL, "@x.example"),
        (Kind.EMAIL, "a b@x.example"),
        (Kind.MD5, "d41d8cd98f00b204e9800998ecf8427"),
        (Kind.MD5, "g41d8cd98f00b204e9800998ecf8427e"),
        (Kind.SHA256, PDQ + "\u0660"),
        (Kind.PDQ, PDQ[:-1]),
        (Kind.FILE_HASH, PDQ[:50]),
        (Kind.TLSH, "T2" + "A" * 70),
        (Kind.PERSON, " "),
        (Kind.PERSON, "a\x00b"),
        (Kind.HANDLE, "a\nb"),
        (Kind.TEXT, "\x00"),
        (Kind.TEXT, "\ud800"),
    ],
)
def test_what_is_none_of_the_kind_is_refused_without_quoting_it(kind: Kind, value: str) -> None:
    with pytest.raises(InputError) as caught:
        normalise(kind, value)
    assert caught.value.code == "bad-value"
    if len(value.strip()) > 2:
        assert value not in str(caught.value.as_dict())


@given(st.sampled_from(Kind), st.text(max_size=30) | st.from_regex(r"[a-zé.:/@0-9-]{1,30}"))
def test_a_form_is_its_own_form(kind: Kind, value: str) -> None:
    try:
        form = normalise(kind, value)
    except InputError:
        return
    assert normalise(kind, form) == form
    form.encode()


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x.example", Kind.DOMAIN),
        ("http://x.example/", Kind.URL),
        ("192.0.2.1", Kind.IPV4),
        ("2001:db8::1", Kind.IPV6),
        ("a@x.example", Kind.EMAIL),
        ("0" * 32, Kind.MD5),
        ("0" * 40, Kind.SHA1),
        ("0" * 64, None),
        ("T1" + "0" * 70, Kind.TLSH),
        ("Made Up", None),
        ("", None),
    ],
)
def test_a_shape_tells_the_kind_where_it_can(value: str, kind: Kind | None) -> None:
    assert kind_of(value) is kind
