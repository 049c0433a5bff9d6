"""Checks of members, users, agreements and collections, and of the policy made of them."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from comity.errors import ConflictError
from comity.handling import Standing
from comity.holdings.kit.values import (
    MEMBERS,
    US,
    MakeStore,
    collection,
    fresh,
    member,
    raises,
)
from comity.holdings.protocol import Collection, Holdings, Peer
from comity.model.member import Agreement, FocalPoint, MemberKind, Role, User
from comity.model.purpose import Purpose

__all__ = ["CHECKS"]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _user(name: str) -> User:
    purposes = (Purpose.DETECTION, Purpose.STATISTICS)
    return User(name=name, role=Role.ANALYST, member_id=US, program=False, purposes=purposes)


def _agreement(name: str, days: int | None = None) -> Agreement:
    return Agreement(
        id=f"id of {name}",
        name=name,
        legal_basis="a treaty",
        parties=(US, MEMBERS[0]),
        purposes=(Purpose.PREVENTION,),
        themes=("*",),
        retention_days=days,
    )


def check_settings(make_store: MakeStore) -> None:
    """A setting is read as it was put last."""
    with fresh(make_store) as store:
        with store.write() as tx:
            assert tx.setting("a") is None
            tx.put_setting("a", "1")
            tx.put_setting("b", "")
            tx.put_setting("a", "2")
        with store.read() as tx:
            assert (tx.setting("a"), tx.setting("b")) == ("2", "")


def check_peers(make_store: MakeStore) -> None:
    """Members come back whole, by name; put again, an entry is changed."""
    point = FocalPoint(theme="*", address="duty@example.org", always_open=True)
    card = msgspec.structs.replace(
        member(1), name="A first", url="https://a.example", focal_points=(point,)
    )
    whole = Peer(
        member=card,
        communities=("blue", "green"),
        client_of=MEMBERS[2],
        token="secret",  # noqa: S106
        known=False,
    )
    with fresh(make_store) as store:
        with store.write() as tx:
            tx.put_peer(Peer(member=member(0), communities=("red",)))
            tx.put_peer(whole)
        with store.read() as tx:
            assert tx.peers() == [whole, Peer(member=member(0), communities=("red",))]
        with store.write() as tx:
            tx.put_peer(Peer(member=member(1)))
            assert tx.peers() == [
                Peer(member=member(0), communities=("red",)),
                Peer(member=member(1)),
            ]


def check_users(make_store: MakeStore) -> None:
    """Users are found by token and by name with password, and by nothing else."""
    with fresh(make_store) as store:
        with store.write() as tx:
            tx.put_user(_user("zoe"), _hash("token z"), _hash("password z"))
            tx.put_user(_user("ada"), _hash("token a"), _hash("password a"))
        with store.write() as tx:
            with raises(ConflictError):
                tx.put_user(_user("ada"), _hash("token b"), _hash("password b"))
            assert tx.user_by_token(_hash("token b")) is None
        with store.read() as tx:
            assert tx.users() == [_user("ada"), _user("zoe")]
            assert tx.user_by_token(_hash("token z")) == _user("zoe")
            assert tx.user_by_token(_hash("password z")) is None
            assert tx.user_by_password("ada", _hash("password a")) == _user("ada")
            assert tx.user_by_password("ada", _hash("password z")) is None
            assert tx.user_by_password("ada", b"") is None
            assert tx.user_by_password("Ada", _hash("password a")) is None
            assert tx.purposes_of("ada") == _user("ada").purposes
            assert tx.purposes_of("nobody") == ()


def check_agreements(make_store: MakeStore) -> None:
    """Agreements come back by name; put again, one is changed."""
    with fresh(make_store) as store:
        with store.write() as tx:
            tx.put_agreement(_agreement("second"))
            tx.put_agreement(_agreement("first"))
            tx.put_agreement(_agreement("second", 30))
        with store.read() as tx:
            assert tx.agreements() == [_agreement("first"), _agreement("second", 30)]


def check_collections(make_store: MakeStore) -> None:
    """Collections come back by name; neither name nor id is taken twice."""
    one = Collection(
        id=collection("b").id, name="b", home=US, access="read", community="blue", theme="drugs"
    )
    with fresh(make_store, one, collection("a")) as store:
        for taken in (
            one,
            Collection(id=collection("c").id, name="b", home=US),
            Collection(id=one.id, name="c", home=US),
        ):
            with raises(ConflictError), store.write() as tx:
                tx.put_collection(taken)
        with store.read() as tx:
            assert tx.collections() == [collection("a"), one]


def check_policy(make_store: MakeStore) -> None:
    """The policy is what was put, and no transaction is shown an older one."""
    with fresh(make_store) as store:
        with store.read() as tx:
            assert tx.policy().self_id == ""
        with store.write() as tx:
            tx.put_setting("member_id", US)
            tx.put_peer(Peer(member=member(0), communities=("blue",), client_of=US, known=False))
            tx.put_agreement(_agreement("one"))
        for _ in range(2):
            with store.read() as tx:
                policy = tx.policy()
                assert policy.self_id == US
                assert policy.members == {
                    MEMBERS[0]: Standing(
                        kind=MemberKind.BODY,
                        communities=frozenset({"blue"}),
                        client_of=US,
                        known=False,
                    )
                }
                assert policy.agreements == (_agreement("one"),)
                assert policy.generation == tx.generation()
        with store.write() as tx:
            tx.put_peer(Peer(member=member(1)))
            assert len(tx.policy().members) == 2
        with store.read() as tx:
            assert len(tx.policy().members) == 2


def check_a_rolled_back_policy_is_forgotten(make_store: MakeStore) -> None:
    """A generation that was never committed may come again for another policy."""
    with fresh(make_store) as store:
        with raises(ZeroDivisionError), store.write() as tx:
            tx.put_peer(Peer(member=member(0)))
            assert set(tx.policy().members) == {MEMBERS[0]}
            raise ZeroDivisionError
        with store.write() as tx:
            assert tx.policy().members == {}
            tx.put_peer(Peer(member=member(1)))
        for context in (store.read(), store.write()):
            with context as tx:
                assert set(tx.policy().members) == {MEMBERS[1]}


def check_generation(make_store: MakeStore) -> None:
    """It rises with every change, and stays where the same is put again."""
    with fresh(make_store) as store:
        before = 0

        def moved(tx: Holdings) -> bool:
            nonlocal before
            before, earlier = tx.generation(), before
            assert before >= earlier
            return before > earlier

        with store.write() as tx:
            for repeated in (False, True):
                tx.put_peer(Peer(member=member(0), communities=("b", "a", "b")))
                assert moved(tx) is not repeated
                tx.put_agreement(_agreement("one"))
                assert moved(tx) is not repeated
                tx.put_setting("member_id", US)
                assert moved(tx) is not repeated
            tx.put_peer(Peer(member=member(0), communities=("b",)))
            assert moved(tx)
            tx.put_user(_user("ada"), b"t", b"p")
            assert moved(tx)
            tx.put_collection(collection())
            assert moved(tx)
            tx.put_agreement(_agreement("one", 3))
            assert moved(tx)
            tx.put_setting("member_id", MEMBERS[0])
            assert moved(tx)
        with store.read() as tx:
            assert tx.generation() == before


CHECKS: Final = (
    check_settings,
    check_peers,
    check_users,
    check_agreements,
    check_collections,
    check_policy,
    check_a_rolled_back_policy_is_forgotten,
    check_generation,
)
