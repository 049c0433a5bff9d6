"""Nodes of several members in one process, joined by a network that is only memory.

Every node is a real one, with its own directory and store; `Network` answers the requests that
one node sends to another as the other's server would, from the acts that stand behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
import msgspec

from comity.errors import ComityError, InputError, NotAllowedError, NotFoundError
from comity.handling import Act, Decision
from comity.model.marking import Tlp
from comity.model.member import Member, MemberKind, Role, User
from comity.model.purpose import Purpose
from comity.model.time import Micros
from comity.node.acts.begin import begin
from comity.node.acts.collections import add_collection
from comity.node.acts.explain import explain
from comity.node.acts.members import add_peer, list_members, own_card
from comity.node.acts.people import add_user, list_users, sign_in_token
from comity.node.acts.share import Asked, share
from comity.node.acts.sync import Pulled, sync
from comity.node.acts.taxii import Answer, Taxii
from comity.node.wiring import Node, open_node
from comity.share.taxii import MEDIA_TYPE

NOW: Final = Micros(1_790_000_000_000_000)
HOUR: Final = 3_600_000_000
ALL: Final = {"match[version]": ["all"]}
GREEN: Final = Asked(tlp=Tlp.GREEN)

JsonObject = dict[str, Any]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: Micros = NOW) -> None:
        self.now = now

    def __call__(self) -> Micros:
        return self.now

    def move(self, micros: int) -> None:
        self.now = Micros(self.now + micros)


class Network:
    """Answers each request from the site whose name is the host's. `fault` may answer first."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.asked: list[httpx.URL] = []
        self.fault: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def connect(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        broken = self.fault(request)
        return broken or self.sites[request.url.host].answer(request)


class Site:
    """One member's node, and what its people do with it."""

    def __init__(self, name: str, node: Node) -> None:
        self.name: Final = name
        self.node: Final = node
        self.card: Final[Member] = own_card(node)
        self.taxii: Final = Taxii(node)
        self.url: Final = f"http://{name}.test"
        self._files = 0

    @property
    def id(self) -> str:
        return self.card.id

    # ----------------------------------------------------------------------- what people do

    def collection(self, name: str, community: str | None = None, access: str = "both") -> str:
        entry = add_collection(self.node, name, community=community, access=access)
        return entry.collection_id

    def share(self, collection: str, objects: Iterable[object], asked: Asked = GREEN) -> JsonObject:
        """Share values as a bundle, from a file."""
        self._files += 1
        path = self.node.directory / f"bundle-{self._files}.json"
        path.write_bytes(msgspec.json.encode({"type": "bundle", "objects": list(objects)}))
        return share(self.node, [path], collection, asked)

    def user(
        self,
        name: str,
        of: Site | None = None,
        *,
        program: bool = False,
        role: Role = Role.READER,
        purposes: tuple[Purpose, ...] = (),
    ) -> User:
        """A new user here, of this member or of another."""
        member = None if of is None else of.id
        add_user(self.node, name, role, member=member, program=program, purposes=purposes)
        return next(user for user in list_users(self.node) if user.name == name)

    def know(self, other: Site, *communities: str, client_of: Site | None = None) -> None:
        """Make another member known here; a token of theirs is kept where there was one."""
        patron = None if client_of is None else client_of.id
        add_peer(self.node, other.url, other.card, communities=communities, client_of=patron)

    def pull_from(self, other: Site, *, program: bool = True) -> User:
        """Let this node pull from another, which must know it already: gives its user there."""
        name = f"{self.name}-node"
        secret = add_user(other.node, name, Role.READER, member=self.id, program=program)
        known = {entry.card.id: entry for entry in list_members(self.node)}.get(other.id)
        add_peer(
            self.node,
            other.url,
            other.card,
            token=secret.token,
            communities=() if known is None else known.communities,
            client_of=None if known is None else known.client_of,
        )
        return next(user for user in list_users(other.node) if user.name == name)

    def sync(self, other: Site, *, full: bool = False) -> Pulled:
        return sync(self.node, other.id, full=full)[0]

    def explain(
        self,
        object_id: str,
        to: Site,
        *,
        person: str | None = None,
        act: Act = Act.READ,
        purpose: Purpose | None = None,
    ) -> Decision:
        return explain(self.node, object_id, to.id, person=person, act=act, purpose=purpose)

    # ------------------------------------------------------------------------- what it gives

    def pages(
        self,
        user: User,
        collection: str,
        params: dict[str, list[str]] | None = None,
        purpose: Purpose | None = None,
        *,
        pulls: bool = False,
    ) -> Iterator[Answer]:
        """Every page of a collection, by `next`; `pulls`: as another node asks for it."""
        asked = dict(params or {})
        while True:
            answer = self.taxii.objects(
                user, collection, asked, purpose=purpose, tell_generation=pulls
            )
            yield answer
            following = msgspec.json.decode(answer.body.value).get("next")
            if following is None:
                return
            asked["next"] = [following]

    def objects(
        self,
        user: User,
        collection: str,
        params: dict[str, list[str]] | None = None,
        purpose: Purpose | None = None,
        *,
        pulls: bool = False,
    ) -> list[JsonObject]:
        """Every object of a collection that this user is given."""
        found: list[JsonObject] = []
        for answer in self.pages(user, collection, params, purpose, pulls=pulls):
            found += msgspec.json.decode(answer.body.value).get("objects", [])
        return found

    def collections(self) -> list[str]:
        with self.node.store.read() as tx:
            return [one.id for one in tx.collections()]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What this site's server answers to a GET."""
        try:
            return self._route(request)
        except NotAllowedError as why:
            return httpx.Response(401 if why.code == "bad-credential" else 403)
        except NotFoundError:
            return httpx.Response(404)
        except InputError:
            return httpx.Response(400)

    def _route(self, request: httpx.Request) -> httpx.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        user = sign_in_token(self.node, token)
        path = request.url.path
        if path == "/taxii2/":
            root = f"{self.url}/taxii2/api/"
            return _json({"title": self.name, "default": root, "api_roots": [root]})
        if path == "/taxii2/api/collections/":
            return _json({"collections": self.taxii.collections(user)})
        found = re.fullmatch(r"/taxii2/api/collections/([^/]+)/objects/", path)
        if found is None:
            return httpx.Response(404)
        params = {key: request.url.params.get_list(key) for key in request.url.params}
        tells = "Comity-Generation" in request.headers
        answer = self.taxii.objects(user, found[1], params, tell_generation=tells)
        headers = {"Content-Type": MEDIA_TYPE, **answer.headers}
        return httpx.Response(200, content=answer.body.value, headers=headers)


def _json(value: object) -> httpx.Response:
    content = msgspec.json.encode(value)
    return httpx.Response(200, content=content, headers={"Content-Type": MEDIA_TYPE})


class World:
    """Members' nodes below one folder, under one clock."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self.clock: Final = Clock()
        self.network: Final = Network()
        self.random: Final = Random(folder.name)

    def site(self, name: str, kind: MemberKind = MemberKind.STATE) -> Site:
        directory = self.folder / name
        begin(directory, name.capitalize(), "XX", kind, random=self.random.randbytes)
        node = open_node(
            directory,
            clock=self.clock,
            random=self.random.randbytes,
            connect=self.network.connect,
        )
        site = self.network.sites[f"{name}.test"] = Site(name, node)
        return site

    def close(self) -> None:
        for site in self.network.sites.values():
            site.node.close()


# -------------------------------------------------------------------------------- made-up objects


def made_id(stix_type: str, number: int) -> str:
    return f"{stix_type}--{number:08x}-0000-4000-8000-000000000000"


def timestamp(version: int) -> str:
    return f"2026-01-{1 + version % 28:02d}T12:00:00.000Z"


def indicator(number: int, version: int = 0, **more: object) -> JsonObject:
    """An indicator of a made-up domain; `version` is one of a few."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": made_id("indicator", number),
        "created": timestamp(0),
        "modified": timestamp(version),
        "name": f"made-up {number} version {version}",
        "pattern": f"[domain-name:value = 'host-{number}.example']",
        "pattern_type": "stix",
        "valid_from": timestamp(0),
        **more,
    }


def identity(number: int, identity_class: str = "individual", **more: object) -> JsonObject:
    """A made-up person, or an organisation."""
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": made_id("identity", number),
        "created": timestamp(0),
        "modified": timestamp(0),
        "name": f"subject {number}",
        "identity_class": identity_class,
        **more,
    }


def relationship(number: int, source: str, target: str, **more: object) -> JsonObject:
    return {
        "type": "relationship",
        "spec_version": "2.1",
        "id": made_id("relationship", number),
        "created": timestamp(0),
        "modified": timestamp(0),
        "relationship_type": "related-to",
        "source_ref": source,
        "target_ref": target,
        **more,
    }


def made_ids(objects: Iterable[JsonObject]) -> set[str]:
    """The ids of those objects that a test made, not the terms that travel beside them."""
    return {one["id"] for one in objects if one["id"].endswith("-0000-4000-8000-000000000000")}


def sees(action: Callable[[], object]) -> bool:
    """Whether an action gives something rather than `not found` or `not allowed`."""
    try:
        action()
    except (NotFoundError, NotAllowedError):
        return False
    except ComityError as why:
        raise AssertionError(f"unexpected: {why.as_dict()}") from why
    return True
