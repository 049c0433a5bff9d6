"""Several nodes in one process: each with its own directory, one clock, and each other's wire.

    with Simulator(tmp_path) as world:
        north, south = world.node("north"), world.node("south")
        world.introduce(north, south)
        north.collection("watch")
        north.share("malware.example", collection="watch", tlp="green")
        south.sync()

A node answers at `http://NAME.test` for the others, through its whole application: routes,
credentials, media types. Nothing listens on a network, and time moves only when told to.
"""

from __future__ import annotations

import random
import re
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
from litestar import Litestar
from litestar.testing import TestClient
from litestar.testing.transport import TestClientTransport
from typing_extensions import override

from comity.api.app import create_app
from comity.api.records import Records
from comity.model.member import Member, MemberKind, Role
from comity.model.purpose import Purpose
from comity.model.time import Micros, parse_time
from comity.node.acts.begin import begin
from comity.node.acts.collections import CollectionEntry, add_collection
from comity.node.acts.log import settle
from comity.node.acts.members import add_peer, own_card
from comity.node.acts.people import Secret, add_user
from comity.node.acts.sync import Pulled, sync
from comity.node.wiring import Node, open_node

__all__ = ["Clock", "Simulated", "Simulator", "bearer"]

START: Final = parse_time("2026-06-01T12:00:00Z")


def bearer(token: str) -> dict[str, str]:
    """The header that proves a token."""
    return {"Authorization": f"Bearer {token}"}


class Clock:
    """Microseconds that stand still until `advance`; all nodes of a simulator share one."""

    def __init__(self, start: Micros = START) -> None:
        self.now = start

    def __call__(self) -> Micros:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now = Micros(self.now + round(seconds * 1_000_000))


class Simulated:
    """One node: `node` for its acts, `client` for its HTTP; `admin` is its administrator."""

    def __init__(self, name: str, node: Node, admin_token: str) -> None:
        self.name: Final = name
        self.node: Final = node
        self.admin: Final = bearer(admin_token)
        self.app: Final[Litestar] = create_app(node, sequencing=False, records=Records(BytesIO()))
        self.client: Final = TestClient(self.app, base_url=self.url, timeout=None)

    @property
    def url(self) -> str:
        """Where the other nodes find it."""
        return f"http://{self.name}.test"

    @property
    def card(self) -> Member:
        """Its public card."""
        return own_card(self.node)

    def user(
        self,
        name: str,
        role: Role = Role.READER,
        *,
        member: Simulated | None = None,
        program: bool = False,
        purposes: tuple[Purpose, ...] = (),
    ) -> Secret:
        """Add a user, of this member or of another."""
        of = None if member is None else member.card.id
        return add_user(self.node, name, role, member=of, program=program, purposes=purposes)

    def collection(self, name: str, *, community: str | None = None, access: str = "both") -> str:
        """Add a collection; its id."""
        entry: CollectionEntry = add_collection(self.node, name, community=community, access=access)
        return entry.collection_id

    def share(self, *rows: str, collection: str, **options: object) -> dict[str, Any]:
        """Share values, with the options of `POST /api/share`."""
        return self.post("/api/share", {"collection": collection, "rows": rows, **options})

    def share_objects(
        self, *objects: dict[str, Any], collection: str, **options: object
    ) -> dict[str, Any]:
        """Share STIX objects."""
        return self.post("/api/share", {"collection": collection, "objects": objects, **options})

    def post(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """Post JSON as the administrator; the answer, which must be a good one."""
        answer = self.client.post(path, json=document, headers=self.admin)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def sync(self, *, full: bool = False) -> list[Pulled]:
        """Pull from all peers; each must have answered."""
        pulled = sync(self.node, full=full)
        assert not [one.error for one in pulled if one.error]
        return pulled

    def settle(self) -> None:
        """Let the log take in what is journalled."""
        settle(self.node)

    def taxii(self, path: str, user: Secret, **params: str) -> httpx.Response:
        """Ask below the API root as a user."""
        return self.client.get(f"/taxii2/api/{path}", params=params, headers=bearer(user.token))


class Simulator:
    """Makes nodes below a folder and connects them."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self._folder: Final = folder
        self.clock: Final = clock or Clock()
        self.nodes: Final[dict[str, Simulated]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in self.nodes.values():
            one.client.__exit__(None, None, None)
            one.node.close()

    def node(self, name: str, kind: MemberKind = MemberKind.STATE) -> Simulated:
        """Make a member's node; ids and secrets follow from its name, run after run."""
        source = random.Random(name)
        directory = self._folder / name
        begin(directory, f"{name.capitalize()} (made up)", "XX", kind, random=source.randbytes)
        token = re.findall(
            r"^token: (.*)$", (directory / "admin.secret").read_text("utf-8"), re.MULTILINE
        )
        node = open_node(
            directory, clock=self.clock, random=source.randbytes, connect=self._connect
        )
        self.nodes[name] = made = Simulated(name, node, token[0])
        made.client.__enter__()
        return made

    def introduce(self, one: Simulated, other: Simulated, *communities: str) -> None:
        """Make two members known to each other, each with a program's token for the other."""
        for host, guest in ((one, other), (other, one)):
            add_peer(host.node, guest.url, guest.card, communities=communities)
        for host, guest in ((one, other), (other, one)):
            token = host.user(f"{guest.name}-node", member=guest, program=True).token
            add_peer(guest.node, host.url, host.card, communities=communities, token=token)

    def _connect(self) -> httpx.Client:
        return httpx.Client(transport=_Wire(self.nodes))


class _Wire(httpx.BaseTransport):
    """Takes a request to the application of the node that its host names."""

    def __init__(self, nodes: dict[str, Simulated]) -> None:
        self._nodes: Final = nodes

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host.removesuffix(".test")
        if name not in self._nodes:
            raise httpx.ConnectError("nobody is there", request=request)
        return TestClientTransport(self._nodes[name].client).handle_request(request)
