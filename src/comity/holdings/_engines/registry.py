"""Members, users, agreements, collections: what the policy is made of.

Every change of them moves the clock `generation`; putting the same again changes nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Select, bindparam, delete, select

from comity.errors import ConflictError
from comity.handling import Policy, Standing
from comity.holdings._engines import schema
from comity.holdings._engines.part import Part, clock_of, upsert
from comity.holdings.protocol import Collection, Peer
from comity.model.member import Agreement, Member, User
from comity.model.purpose import Purpose

__all__ = ["RegistryPart"]

_GENERATION: Final = "generation"
_SELF: Final = "member_id"

_encode: Final = msgspec.json.encode


class RegistryPart(Part):
    """What this node knows of those it shares with."""

    _changed = False

    def generation(self) -> int:
        """Rises with every change of members, users, agreements or collections."""
        return self._clock(_GENERATION)

    def policy(self) -> Policy:
        """The snapshot that decisions are made on."""
        generation = self.generation()
        known = self._shared.policy
        if known is not None and known.generation == generation and not self._changed:
            return known
        policy = self._read_policy(generation)
        if not self._changed:
            self._shared.policy = policy
        return policy

    def _read_policy(self, generation: int) -> Policy:
        return Policy(
            self_id=self.setting(_SELF) or "",
            members={
                peer.member.id: Standing(
                    kind=peer.member.kind,
                    communities=frozenset(peer.communities),
                    client_of=peer.client_of,
                    known=peer.known,
                )
                for peer in self.peers()
            },
            agreements=tuple(self.agreements()),
            generation=generation,
        )

    def _change(self) -> None:
        """Raise the generation. A number that is rolled back will be given again."""
        self._changed = True
        self._advance(_GENERATION, 1)

    def put_setting(self, name: str, value: str) -> None:
        """Keep one value that belongs to the node as a whole, its own member id above all."""
        if self.setting(name) == value:
            return
        row = upsert(schema.setting).values(name=name, value=value)
        row = row.on_conflict_do_update(index_elements=["name"], set_={"value": value})
        self._conn.execute(row)
        if name == _SELF:
            self._change()

    def setting(self, name: str) -> str | None:
        """What `put_setting` kept under a name."""
        found: str | None = self._conn.execute(_SETTING, {"name": name}).scalar()
        return found

    # ------------------------------------------------------------------------------- members

    def put_peer(self, peer: Peer) -> None:
        """Add a member or change its entry; the node's own member is one, too."""
        member_id = peer.member.id
        if self._peers(_PEERS.where(_M.id == member_id)) == [_in_order(peer)]:
            return
        row = {
            "id": member_id,
            "name": peer.member.name,
            "card": _encode(peer.member),
            "client_of": peer.client_of,
            "token": peer.token,
            "known": int(peer.known),
        }
        entry = upsert(schema.member).values(row)
        self._conn.execute(entry.on_conflict_do_update(index_elements=["id"], set_=row))
        self._conn.execute(delete(schema.community).where(_C.member == member_id))
        for name in set(peer.communities):
            self._conn.execute(upsert(schema.community), {"member": member_id, "name": name})
        self._change()

    def peers(self) -> Sequence[Peer]:
        """All members known, pinned ones and our own included, by name."""
        return self._peers(_PEERS)

    def _peers(self, asked: Select[Any]) -> list[Peer]:
        communities: dict[str, list[str]] = {}
        for member_id, name in self._conn.execute(_COMMUNITIES):
            communities.setdefault(member_id, []).append(name)
        return [
            Peer(
                member=msgspec.json.decode(card, type=Member),
                communities=tuple(communities.get(member_id, ())),
                client_of=client_of,
                token=token,
                known=bool(known),
            )
            for member_id, card, client_of, token, known in self._conn.execute(asked)
        ]

    # --------------------------------------------------------------------------------- users

    def put_user(self, user: User, token_hash: bytes, password_hash: bytes) -> None:
        """Add a user; raises ConflictError where the name is taken."""
        row = {
            "name": user.name,
            "token_hash": token_hash,
            "password_hash": password_hash,
            "document": _encode(user),
        }
        added = upsert(schema.user).values(row).on_conflict_do_nothing()
        if self._conn.execute(added.returning(_U.name)).first() is None:
            raise ConflictError(
                f"there is a user {user.name!r} already",
                code="user-exists",
                advice="Choose another name.",
            )
        self._change()

    def users(self) -> Sequence[User]:
        """All users, by name."""
        return [_user(document) for document in self._conn.execute(_USERS).scalars()]

    def user_by_token(self, token_hash: bytes) -> User | None:
        """Whose bearer token this is (SHA-256 of it)."""
        found = self._conn.execute(_BY_TOKEN, {"token_hash": token_hash}).scalar()
        return None if found is None else _user(found)

    def user_by_password(self, name: str, password_hash: bytes) -> User | None:
        """Whose generated password this is (SHA-256 of it)."""
        found = self._conn.execute(_BY_NAME, {"name": name}).first()
        if found is None or not hmac.compare_digest(found.password_hash, password_hash):
            return None
        return _user(found.document)

    def purposes_of(self, name: str) -> tuple[Purpose, ...]:
        """The purposes that a user's credential holds; empty for an unknown name."""
        found = self._conn.execute(_BY_NAME, {"name": name}).first()
        return () if found is None else _user(found.document).purposes

    # --------------------------------------------------------------- agreements, collections

    def put_agreement(self, agreement: Agreement) -> None:
        """Add an agreement or change it."""
        row = {"id": agreement.id, "name": agreement.name, "document": _encode(agreement)}
        same = select(_A.id).where(_A.id == agreement.id, _A.document == row["document"])
        if self._conn.execute(same).first() is not None:
            return
        entry = upsert(schema.agreement).values(row)
        self._conn.execute(entry.on_conflict_do_update(index_elements=["id"], set_=row))
        self._change()

    def agreements(self) -> Sequence[Agreement]:
        """All agreements, by name."""
        found = self._conn.execute(_AGREEMENTS).scalars()
        return [msgspec.json.decode(document, type=Agreement) for document in found]

    def put_collection(self, collection: Collection) -> None:
        """Add a collection; raises ConflictError where name or id is taken."""
        added = upsert(schema.collection).values(
            id=collection.id, name=collection.name, document=_encode(collection)
        )
        added = added.on_conflict_do_nothing()
        if self._conn.execute(added.returning(_L.number)).first() is None:
            raise ConflictError(
                f"there is a collection {collection.name!r}, or one of its id, already",
                code="collection-exists",
                advice="Choose another name.",
                where=collection.id,
            )
        self._advance(clock_of(collection.id), 0)
        self._change()

    def collections(self) -> Sequence[Collection]:
        """All collections, by name."""
        found = self._conn.execute(_COLLECTIONS).scalars()
        return [msgspec.json.decode(document, type=Collection) for document in found]


def _user(document: bytes) -> User:
    return msgspec.json.decode(document, type=User)


def _in_order(peer: Peer) -> Peer:
    """As it will be read: communities are a set."""
    return msgspec.structs.replace(peer, communities=tuple(sorted(set(peer.communities))))


_M: Final = schema.member.c
_C: Final = schema.community.c
_U: Final = schema.user.c
_A: Final = schema.agreement.c
_L: Final = schema.collection.c

_SETTING: Final = select(schema.setting.c.value).where(schema.setting.c.name == bindparam("name"))
_PEERS: Final = select(_M.id, _M.card, _M.client_of, _M.token, _M.known).order_by(_M.name, _M.id)
_COMMUNITIES: Final = select(_C.member, _C.name).order_by(_C.member, _C.name)
_USERS: Final = select(_U.document).order_by(_U.name)
_BY_TOKEN: Final = select(_U.document).where(_U.token_hash == bindparam("token_hash"))
_BY_NAME: Final = select(_U.document, _U.password_hash).where(_U.name == bindparam("name"))
_AGREEMENTS: Final = select(_A.document).order_by(_A.name, _A.id)
_COLLECTIONS: Final = select(_L.document).order_by(_L.name)
