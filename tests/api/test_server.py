from __future__ import annotations

import datetime
import ipaddress
import json
import os
import re
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from tests.api.conftest import indicator
from tests.api.served import Served, children, served, until
from tests.simulator import bearer

from comity.account.verify import verify
from comity.api.media import TAXII_MEDIA_TYPE
from comity.api.server import serve
from comity.errors import SettingsError, UsageError
from comity.model.member import MemberKind
from comity.node.acts.begin import begin
from comity.node.acts.collections import add_collection
from comity.node.acts.log import sizes, verify_directory
from comity.node.wiring import open_node


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A node with a collection `open`."""
    folder = tmp_path / "north"
    begin(folder, "North (made up)", "XX", MemberKind.STATE)
    node = open_node(folder)
    add_collection(node, "open")
    node.close()
    return folder


def admin(directory: Path) -> dict[str, str]:
    secret = (directory / "admin.secret").read_text("utf-8")
    (token,) = re.findall(r"^token: (.*)$", secret, re.MULTILINE)
    return bearer(token)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_one_line_says_where_it_listens_and_one_process_serves(directory: Path) -> None:
    with served(directory) as server:
        assert server.line == json.dumps({"listening": server.url}).encode() + b"\n"
        assert server.url.startswith("http://127.0.0.1:")
        assert server.get("/healthz").text == "ok\n"
        assert children(server.process.pid) == []
        assert server.get("/metrics").status_code == 200
        server.process.terminate()
        assert server.process.stdout is not None
        assert server.process.stdout.read() == b""
        assert server.process.wait() == 0
    for line in server.records.read_bytes().splitlines():
        assert json.loads(line)["event"] == "request"


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_from_outside_it_frees_the_port_and_keeps_what_it_acknowledged(
    directory: Path, workers: int
) -> None:
    one = indicator()
    with served(directory, workers=workers) as server:
        port, started = port_of(server.url), children(server.process.pid)
        assert len(started) == (0 if workers == 1 else workers)
        headers = admin(directory)
        entries = server.get("/api/collections", headers=headers).json()["collections"]
        path = next(entry["url"] for entry in entries if entry["name"] == "open")
        done = httpx.post(
            f"{server.url}{path}objects/",
            content=msgspec.json.encode({"objects": [one]}),
            headers=headers | {"Content-Type": TAXII_MEDIA_TYPE},
        )
        assert done.json()["successes"][0]["id"] == one["id"]
        server.process.kill()
        server.process.wait()
        until("the port is free", lambda: is_free(port))
        until("no worker is left", lambda: not any(map(is_running, started)))
    with served(directory, port=port, workers=workers) as again:
        kept = again.get(f"{path}objects/{one['id']}/", headers=headers)
        assert kept.json()["objects"] == [one]
        until("journal and log agree", lambda: is_settled(directory))
        key = again.get("/api/member").json()["keys"]["log"]
        assert verify(lambda part: again.get(f"/log/{part}").content, key, None).ok


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False


def is_settled(directory: Path) -> bool:
    node = open_node(directory)
    try:
        journal, logged = sizes(node)
        return journal == logged
    finally:
        node.close()


def test_what_is_answered_is_in_the_log_when_it_ends(directory: Path) -> None:
    with served(directory) as server:
        server.get("/api/find?q=nothing", headers=admin(directory))
        server.process.terminate()
        server.process.wait()
    assert is_settled(directory)
    node = open_node(directory)
    assert verify_directory(node, None, None).ok
    node.close()


def test_a_worker_that_ends_is_replaced(directory: Path) -> None:
    with served(directory, workers=2) as server:
        before = children(server.process.pid)
        os.kill(before[0], signal.SIGKILL)
        until(
            "two others run",
            lambda: len(set(children(server.process.pid)) - {before[0]}) == 2,
        )
        until("they answer", lambda: answers(server))
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait() == 0


def answers(server: Served) -> bool:
    try:
        return server.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_requests_under_way_are_answered_before_it_ends(directory: Path) -> None:
    with served(directory) as server:
        address = ("127.0.0.1", port_of(server.url))
        with socket.create_connection(address, timeout=60) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            server.process.terminate()
            assert connection.recv(12) == b"HTTP/1.1 200"
            assert server.process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"host": "0.0.0.0"}, "tls-needed"),
        ({"host": "192.0.2.1", "behind_proxy": True}, "port-not-free"),
        ({"host": "no-such-host.invalid"}, "bad-host"),
        ({"workers": 0}, "bad-workers"),
        ({"tls_cert": Path("cert.pem")}, "usage"),
    ],
)
def test_what_cannot_be_served_is_refused_before_anything_starts(
    directory: Path, arguments: dict[str, object], code: str
) -> None:
    with pytest.raises(UsageError) as refused:
        serve(directory, **{"port": 0, **arguments})  # type: ignore[arg-type]
    assert refused.value.code == code


@pytest.mark.parametrize("workers", [1, 2])
def test_where_there_is_no_node_nothing_is_served(tmp_path: Path, workers: int) -> None:
    with pytest.raises(SettingsError) as refused:
        serve(tmp_path, port=0, workers=workers)
    assert refused.value.code == "no-node"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "north.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, SHA256())
    )
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def test_tls_is_1_2_or_newer(directory: Path, certificate: tuple[Path, Path]) -> None:
    files = {"tls_cert": str(certificate[0]), "tls_key": str(certificate[1])}
    with served(directory, host="0.0.0.0", **files) as server:
        port = port_of(server.url)
        assert server.url == f"https://0.0.0.0:{port}"
        trusted = ssl.create_default_context(cafile=str(certificate[0]))
        answer = httpx.get(f"https://127.0.0.1:{port}/healthz", verify=trusted)
        assert "Strict-Transport-Security" in answer.headers
        for version, accepted in ((2, True), (1, False)):
            program = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", f"-tls1_{version}"]
            try:
                done = subprocess.run(program, input=b"", capture_output=True, check=False)
            except FileNotFoundError:
                pytest.skip("no openssl here to speak an old TLS with")
            assert (b"Cipher is ECDHE" in done.stdout) is accepted
