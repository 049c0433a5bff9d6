"""Another implementation reads our tiles and agrees: tlog-scales, from a folder and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.account.memory import KEY, NOW, VKEY, MemoryStore, grow, signed, write_to
from tlog_scales.backend import HttpBackend, LocalBackend, TilesBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import ConsistencyProof, InclusionProof
from typing_extensions import override

from comity.account.log import consistency, inclusion, read_resource, root_at
from comity.account.note import SignatureType, SigningKey, parse_note
from comity.errors import ComityError
from comity.model.merkle import leaf_hash

SIZES = (1, 255, 256, 300, 65_535, 66_000)


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    made = MemoryStore()
    for size in SIZES:
        grow(made, size - len(made.rows))
        signed(made)
    return made


def http(store: MemoryStore) -> Iterator[str]:
    """The log behind a small HTTP server of its own; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                body = read_resource(store, self.path.removeprefix("/log/"))
            except ComityError:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Keep the tests' output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/log"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module", params=["folder", "http"])
def reader(
    request: pytest.FixtureRequest, store: MemoryStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TilesReader]:
    if request.param == "folder":
        yield reader_of(LocalBackend(write_to(tmp_path_factory.mktemp("log"), store)))
    else:
        for url in http(store):
            backend = HttpBackend(url)
            yield reader_of(backend)
            backend.session.close()


def reader_of(backend: TilesBackend) -> TilesReader:
    reader = TilesReader(backend)
    reader.get_checkpoint()
    return reader


def test_it_verifies_the_checkpoint_and_finds_the_same_root(reader: TilesReader) -> None:
    head = reader.get_checkpoint()
    head.verify(Vkey.from_string(VKEY))
    assert (head.origin, head.size) == (KEY.verifier.name, 66_000)
    assert reader.calculate_root_hash() == head.root_hash


def test_it_reads_the_entries(reader: TilesReader, store: MemoryStore) -> None:
    for index in (0, 255, 256, 40_000, 65_999):
        assert reader.get_entry(index) == store.rows[index]


@pytest.mark.parametrize("size", SIZES)
def test_it_proves_and_accepts_the_same_inclusion(
    reader: TilesReader, store: MemoryStore, size: int
) -> None:
    for index in {0, size // 3, size // 2, size - 1}:
        ours = inclusion(store, index, size)
        assert reader.get_inclusion_proof(index, size).node_hashes == ours
        proof = InclusionProof(index, size, ours)
        proof.check(leaf_hash(store.rows[index]), root_at(store, size))


@pytest.mark.parametrize("new", SIZES)
def test_it_proves_and_accepts_the_same_consistency(
    reader: TilesReader, store: MemoryStore, new: int
) -> None:
    for old in [size for size in SIZES if size <= new]:
        ours = consistency(store, old, new)
        assert reader.get_consistency_proof(old, new).node_hashes == ours
        ConsistencyProof(old, new, ours).check(root_at(store, old), root_at(store, new))


def test_it_accepts_our_cosignatures(reader: TilesReader, store: MemoryStore) -> None:
    witness = SigningKey("comity/witness", b"\x07" * 32, SignatureType.COSIGNATURE)
    note = parse_note(store.notes[66_000])
    head = reader.get_checkpoint()
    line = witness.sign(note.text, NOW)
    verifier = Vkey.from_string(witness.verifier.encode()).get_verifier()
    verifier.verify(line.value, head)
