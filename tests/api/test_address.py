from __future__ import annotations

import socket
from pathlib import Path

import pytest

from comity.api.address import Address, Tls, check_exposure, reserve, resolve
from comity.errors import SettingsError, UsageError

TLS = Tls("cert.pem", "key.pem")
IPV4 = socket.AF_INET


@pytest.mark.parametrize(
    ("ip", "tls", "behind_proxy", "open_"),
    [
        ("127.0.0.1", None, False, True),
        ("127.8.8.8", None, False, True),
        ("::1", None, False, True),
        ("0.0.0.0", None, False, False),
        ("::", None, False, False),
        ("192.0.2.1", None, False, False),
        ("192.0.2.1", TLS, False, True),
        ("0.0.0.0", None, True, True),
    ],
)
def test_without_tls_only_this_machine_is_served(
    ip: str, tls: Tls | None, behind_proxy: bool, open_: bool
) -> None:
    if open_:
        check_exposure(ip, tls, behind_proxy)
        return
    with pytest.raises(UsageError) as refused:
        check_exposure(ip, tls, behind_proxy)
    assert refused.value.code == "tls-needed"


def test_a_host_is_resolved() -> None:
    assert resolve("127.0.0.1", 0) == (IPV4, "127.0.0.1")
    assert resolve("localhost", 0)[1] in ("127.0.0.1", "::1")
    for host in ("no-such-host.invalid", "300.1.1.1", "a" * 300, "\u0000"):
        with pytest.raises(UsageError):
            resolve(host, 0)


def test_a_free_port_is_found_and_held() -> None:
    with reserve(IPV4, "127.0.0.1", 0) as holder:
        port = holder.getsockname()[1]
        assert port > 0
        with pytest.raises(UsageError) as refused:
            reserve(IPV4, "127.0.0.1", port)
        assert refused.value.code == "port-not-free"
    with reserve(IPV4, "127.0.0.1", port) as again:
        assert again.getsockname()[1] == port


def test_a_port_that_somebody_listens_on_is_refused() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UsageError) as refused:
            reserve(IPV4, "127.0.0.1", other.getsockname()[1])
    assert "another program" in refused.value.message


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(UsageError):
        reserve(IPV4, "192.0.2.1", 0)


def test_addresses_are_written_as_urls() -> None:
    assert Address("127.0.0.1", "127.0.0.1", 8700).url == "http://127.0.0.1:8700"
    assert Address("::1", "::1", 80, TLS).url == "https://[::1]:80"
    assert Address("0.0.0.0", "0.0.0.0", 1).reachable_ip == "127.0.0.1"
    assert Address("::", "::", 1).reachable_ip == "::1"
    assert Address("north.example", "192.0.2.1", 1).reachable_ip == "192.0.2.1"


def test_a_certificate_comes_with_its_key(tmp_path: Path) -> None:
    assert Tls.of(None, None) is None
    for certificate, key in ((tmp_path, None), (None, tmp_path)):
        with pytest.raises(UsageError):
            Tls.of(certificate, key)
    (tmp_path / "cert.pem").write_text("no certificate")
    for name in ("cert.pem", "absent.pem"):
        with pytest.raises(SettingsError) as refused:
            Tls.of(tmp_path / name, tmp_path / "key.pem")
        assert refused.value.code == "bad-certificate"
