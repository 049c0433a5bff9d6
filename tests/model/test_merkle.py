from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import InputError
from comity.model.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    consistency_ranges,
    fold,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    parents,
    root,
    subtrees,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves that Certificate Transparency's implementations share as test vectors.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def hashes_of(count: int, seed: bytes = b"") -> list[bytes]:
    return [leaf_hash(seed + b"%d" % number) for number in range(count)]


def by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word: split at the largest power of two below n."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(by_definition(hashes[:split]), by_definition(hashes[split:]))


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_public_vectors(size: int) -> None:
    assert root(HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ],
)
def test_audit_paths_of_the_public_vectors(index: int, size: int, path: list[str]) -> None:
    proof = inclusion_proof(HASHES[:size], index)
    assert [one.hex() for one in proof] == path
    assert verify_inclusion(HASHES[index], index, size, proof, root(HASHES[:size]))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (1, 1, []),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_consistency_of_the_public_vectors(old: int, new: int, path: list[str]) -> None:
    proof = consistency_proof(HASHES[:new], old)
    assert [one.hex() for one in proof] == path


@given(st.integers(0, 700))
def test_root_is_the_definition(size: int) -> None:
    hashes = hashes_of(size)
    assert root(hashes) == by_definition(hashes)


@given(st.integers(1, 700))
def test_subtrees_fold_to_the_root(size: int) -> None:
    hashes = hashes_of(size)
    parts = [root(hashes[start : start + (1 << height)]) for start, height in subtrees(0, size)]
    assert fold(parts) == root(hashes)


@given(st.integers(0, 40))
def test_parents_are_the_complete_pairs(size: int) -> None:
    hashes = hashes_of(size)
    pairs = [hashes[at : at + 2] for at in range(0, size - 1, 2)]
    assert parents(b"".join(hashes)) == b"".join(root(pair) for pair in pairs)


@given(st.integers(1, 300), st.data())
def test_every_inclusion_is_proved(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = hashes_of(size)
    proof = inclusion_proof(hashes, index)
    assert verify_inclusion(hashes[index], index, size, proof, root(hashes))
    assert len(proof) <= (size - 1).bit_length()


@given(st.integers(0, 300), st.data())
def test_every_consistency_is_proved(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    hashes = hashes_of(new)
    proof = consistency_proof(hashes, old)
    assert verify_consistency(old, new, root(hashes[:old]), root(hashes), proof)


@given(st.integers(2, 200), st.data())
def test_no_inclusion_is_proved_falsely(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = hashes_of(size)
    tree_root, leaf, proof = root(hashes), hashes[index], inclusion_proof(hashes, index)
    other = data.draw(st.integers(0, size - 1).filter(lambda at: at != index))
    spoilt = data.draw(st.integers(0, len(proof) - 1))
    forged = [leaf_hash(one) if at == spoilt else one for at, one in enumerate(proof)]
    assert not verify_inclusion(hashes[other], index, size, proof, tree_root)
    assert not verify_inclusion(leaf, other, size, proof, tree_root)
    assert not verify_inclusion(leaf, index, size, forged, tree_root)
    assert not verify_inclusion(leaf, index, size, proof[:-1], tree_root)
    assert not verify_inclusion(leaf, index, size, [*proof, leaf], tree_root)
    assert not verify_inclusion(leaf, index, size, proof, leaf_hash(tree_root))
    assert not verify_inclusion(leaf, index, size, [*proof[:-1], proof[-1][:31]], tree_root)
    assert not verify_inclusion(leaf, size, size, proof, tree_root)
    assert not verify_inclusion(leaf, -1, size, proof, tree_root)


@given(st.integers(2, 200), st.data())
def test_no_fork_is_proved_consistent(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    hashes = hashes_of(new)
    branch = [leaf_hash(b"x") if at == changed else one for at, one in enumerate(hashes)]
    before, after = root(hashes[:old]), root(branch)
    for proof in (consistency_proof(hashes, old), consistency_proof(branch, old)):
        assert not verify_consistency(old, new, before, after, proof)
    good = consistency_proof(hashes, old)
    assert not verify_consistency(old, new, before, root(hashes), good[:-1])
    assert not verify_consistency(old, new, before, root(hashes), [*good, before])


def test_trivial_consistency() -> None:
    one, two = root(HASHES[:3]), root(HASHES[:4])
    assert verify_consistency(0, 3, EMPTY_ROOT, one, [])
    assert verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert verify_consistency(3, 3, one, one, [])
    assert not verify_consistency(3, 3, one, two, [])
    assert not verify_consistency(0, 0, EMPTY_ROOT, one, [])
    assert not verify_consistency(0, 3, one, one, [])
    assert not verify_consistency(4, 3, two, one, [])
    assert not verify_consistency(-1, 3, two, one, [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_an_index_outside_is_named(index: int, size: int) -> None:
    with pytest.raises(InputError) as caught:
        inclusion_ranges(index, size)
    assert caught.value.code == "outside-tree"


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3)])
def test_an_old_size_outside_is_named(old: int, new: int) -> None:
    with pytest.raises(InputError) as caught:
        consistency_ranges(old, new)
    assert caught.value.code == "outside-tree"


def test_leaves_and_nodes_are_apart() -> None:
    left, right = HASHES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
