"""The demo's story: share, sync, explain, and prove afterwards what was done."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from comity.cli.demo.material import (
    COMMUNITY,
    LIAISON,
    MEMBERS,
    PDQ_HASHES,
    SHA256_HASHES,
    SPYWARE,
    Lot,
)
from comity.cli.demo.nodes import Command, DemoNode
from comity.errors import ComityError
from comity.model.time import format_time

__all__ = ["Step", "Story"]

_LIFETIME: Final = 2
"""Seconds that the indicator with an end lives: long enough to be pulled."""

_CREDENTIALS: Final = (
    # Whose node, the user's name, of which member, and what kind of user.
    ("Norland", "sudria-pull", "Sudria", "--program"),
    ("Norland", LIAISON, "Sudria", ""),
    ("Sudria", "plaza-pull", "Plaza", "--program"),
    ("Plaza", "sudria-pull", "Sudria", "--program"),
    ("Plaza", "norland-pull", "Norland", "--program"),
)


class Step(msgspec.Struct, frozen=True):
    """One line of the story: what was done, whether it went as it should, with which figure."""

    step: str
    ok: bool
    figure: str


class Story:
    """Three nodes below one directory, and what happens to them, a step at a time."""

    def __init__(self, home: Path, comity: Command) -> None:
        self.home: Final = home
        self._comity: Final = comity
        self.nodes: Final = {name: DemoNode(name, home / name.lower()) for name in MEMBERS}
        self._tokens: Final[dict[str, str]] = {}
        self._ids: Final[dict[str, str]] = {}
        self._held: Final[dict[str, set[str]]] = {}
        self._checkpoints: Final[dict[str, Path]] = {}

    def tell(self) -> Iterator[Step]:
        """Every step in turn; one that fails does not end the story."""
        for text, needs, step in self._steps():
            try:
                for name in needs:
                    self.nodes[name].check()
                yield Step(text, True, step())
            except ComityError as why:
                yield Step(text, False, why.message)
            except KeyError as what:
                yield Step(text, False, f"an earlier step did not give {what}")

    def close(self) -> None:
        """End all servers, together."""
        for node in self.nodes.values():
            node.ask_to_end()
        for node in self.nodes.values():
            node.stop()

    def _steps(self) -> tuple[tuple[str, tuple[str, ...], Callable[[], str]], ...]:
        pair, all_three = ("Norland", "Sudria"), tuple(MEMBERS)
        return (
            ("init: three made-up members, a node each", (), self._init),
            ("serve: each node is a process of its own", (), self._serve),
            ("peer: cards and tokens are exchanged", (), self._peer),
            ("share: Norland's spyware domains", ("Norland",), self._share_spyware),
            ("share: Plaza's content hashes", ("Plaza",), self._share_hashes),
            ("explain: Norland says who may have what", ("Norland",), self._explain_at_norland),
            ("sync: Sudria pulls from both over TAXII", all_three, self._sync_sudria),
            ("sync: Plaza pulls from Sudria, third of a chain", all_three, self._sync_plaza),
            (
                "explain: why the rest stayed at Sudria",
                ("Sudria", "Plaza"),
                self._explain_at_sudria,
            ),
            ("explain: TLP:RED is for one person", ("Norland",), self._explain_red),
            ("share and sync: an indicator that ends", pair, self._expire),
            ("kill -9: Sudria's node dies and comes back", ("Sudria",), self._kill),
            ("log verify: from outside, by public key alone", all_three, self._verify),
        )

    # ------------------------------------------------------------------------------ the steps

    def _init(self) -> str:
        for name, (country, kind) in MEMBERS.items():
            where = self.nodes[name].directory
            self._comity("init", where, "--name", name, "--country", country, "--kind", kind)
        return ", ".join(f"{name} ({kind})" for name, (_, kind) in MEMBERS.items())

    def _serve(self) -> str:
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.wait()
        self._expect_all_up()
        return ", ".join(node.url.removeprefix("http://") for node in self.nodes.values())

    def _peer(self) -> str:
        """Everybody gives everybody the card; whoever is to pull gets a token as well."""
        up = {name: node for name, node in self.nodes.items() if node.runs()}
        for name, node in up.items():
            card = msgspec.json.encode(self._comity("member", "show", node.directory))
            (self.home / f"{name}.json").write_bytes(card)
        for here in up.values():
            for there in up.values():
                if here is not there:
                    self._know(here, there)
        for at, user, member, kind in _CREDENTIALS:
            if not up.keys() >= {at, member}:
                continue
            words = ("user", "add", self.nodes[at].directory, user, "--role", "reader")
            answer = self._comity(*words, "--member", member, *filter(None, (kind,)))
            self._tokens[f"{user} at {at}"] = answer["token"]
            if kind == "--program":
                self._know(self.nodes[member], self.nodes[at], answer["token"])
        self._expect_all_up()
        return f"{len(MEMBERS) * (len(MEMBERS) - 1)} entries, {len(_CREDENTIALS)} credentials"

    def _expect_all_up(self) -> None:
        for node in self.nodes.values():
            node.check()

    def _know(self, here: DemoNode, there: DemoNode, token: str = "") -> None:
        words = ["peer", "add", here.directory, there.url]
        words += ["--member", self.home / f"{there.name}.json"]
        if (here.name, there.name) == ("Plaza", "Sudria"):
            words += ["--community", COMMUNITY]
        if token:
            words += ["--token-file", self.secret(f"{there.name}-for-{here.name}.token", token)]
        self._comity(*words)

    def _share_spyware(self) -> str:
        where = self.nodes["Norland"].directory
        self._comity("collection", "add", where, "spyware")
        for lot in SPYWARE:
            self._share("Norland", "spyware", "domain", lot)
        for lot in SPYWARE:
            for value in lot.values:
                self._ids[value] = self._id_at_norland(value)
        return f"{len(self._ids)} indicators under {len(SPYWARE)} handlings, CLEAR to RED"

    def _share_hashes(self) -> str:
        where = self.nodes["Plaza"].directory
        self._comity("collection", "add", where, "hashes", "--community", COMMUNITY)
        self._comity("collection", "add", where, "files")
        pdq = self._share("Plaza", "hashes", "pdq", PDQ_HASHES)
        sha256 = self._share("Plaza", "files", "sha256", SHA256_HASHES)
        return f"{pdq} PDQ to a community, {sha256} SHA-256 to both states"

    def _explain_at_norland(self) -> str:
        may = {
            member: {value for value, name in self._ids.items() if self._may(name, member)}
            for member in ("Sudria", "Plaza")
        }
        self._held.update(may)
        total = len(self._ids)
        return ", ".join(f"{member} {len(values)} of {total}" for member, values in may.items())

    def _sync_sudria(self) -> str:
        new = self._sync("Sudria")
        hashes = len(PDQ_HASHES.values) + len(SHA256_HASHES.values)
        _expect(new == {"Norland": len(self._held["Sudria"]), "Plaza": hashes}, f"{new} came")
        self._look("Sudria", self._held["Sudria"])
        # Norland is not of the community, so it gets the others alone.
        new = self._sync("Norland", "Plaza")
        _expect(new == {"Plaza": len(SHA256_HASHES.values)}, f"{new} came to Norland")
        return f"{hashes} from Plaza, {len(self._held['Sudria'])} from Norland: those explained"

    def _sync_plaza(self) -> str:
        """Only what Norland's own terms let go on arrives, though Sudria holds more."""
        sudria = self.nodes["Sudria"].directory
        allowed = {
            value
            for value in self._held["Sudria"]
            if self._comity("explain", sudria, self._ids[value], "--to", "Plaza")["allow"]
        }
        self._sync("Plaza", "Sudria")
        self._look("Plaza", allowed)
        _expect(allowed <= self._held["Plaza"], "the chain widened the audience")
        self._held["Plaza"] = allowed
        return f"{len(allowed)} of {len(self._held['Sudria'])} pass on, none that Norland refuses"

    def _explain_at_sudria(self) -> str:
        told = Counter[str]()
        for value in self._held["Sudria"] - self._held["Plaza"]:
            words = ("explain", self.nodes["Sudria"].directory, self._ids[value])
            told[self._comity(*words, "--to", "Plaza")["reasons"][0]["rule"]] += 1
        _expect(bool(told), "nothing stayed")
        return ", ".join(f"{rule} kept {count}" for rule, count in sorted(told.items()))

    def _explain_red(self) -> str:
        (value,) = next(lot.values for lot in SPYWARE if lot.name == "RED")
        person = self._may(self._ids[value], "Sudria", "--as", LIAISON)
        program = self._may(self._ids[value], "Sudria")
        _expect(person and not program, f"person {person}, program {program}")
        _expect(not self._found("Sudria", value), "it left Norland's node")
        return "read by the liaison, at Norland's node; never by a program, never synced"

    def _expire(self) -> str:
        ends = time.time() + _LIFETIME
        lot = Lot(
            "ends",
            ("brief.glasswing.test",),
            ("--tlp", "green", "--expires", format_time(int(ends * 1_000_000))),
        )
        self._share("Norland", "spyware", "domain", lot)
        self._sync("Sudria", "Norland")
        before = bool(self._found("Sudria", lot.values[0]))
        _expect(before or time.time() >= ends, "it did not arrive")
        time.sleep(max(0.0, ends - time.time()) + 0.01)
        after = [name for name in ("Norland", "Sudria") if self._found(name, lot.values[0])]
        _expect(not after, f"it is still read at {after}")
        return f"read for {_LIFETIME} s, then by nobody at either node"

    def _kill(self) -> str:
        node, held = self.nodes["Sudria"], self._held["Sudria"]
        self._keep_checkpoints()
        node.kill()
        node.start()
        node.wait()
        node.check()
        self._look("Sudria", held)
        return f"{len(held)} of {len(held)} indicators are there, at the same address"

    def _verify(self) -> str:
        entries = 0
        for node in self.nodes.values():
            card = msgspec.json.decode((self.home / f"{node.name}.json").read_bytes())
            words = ("log", "verify", node.url, "--vkey", card["keys"]["log"])
            found = self._comity(*words, "--against", self._checkpoints[node.name])
            _expect(found["ok"], f"{node.name}: {found['problems']}")
            entries += found["size"]
        return f"{len(self.nodes)} logs, {entries} entries, each grown from an older checkpoint"

    # --------------------------------------------------------------------------- what they use

    def _share(self, name: str, collection: str, kind: str, lot: Lot) -> int:
        """Share a lot from a file of its own; how many objects were new."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=self.home) as file:
            file.write("\n".join(lot.values) + "\n")
            file.flush()
            words = ("share", self.nodes[name].directory, file.name, "--kind", kind)
            new = self._comity(*words, "--collection", collection, *lot.handling)["new"]
        _expect(new == len(lot.values), f"{new} of {len(lot.values)} were shared")
        return int(new)

    def _sync(self, name: str, *source: str) -> dict[str, int]:
        """Let a node pull; how many objects were new, by the name of who gave them."""
        peers = self._comity("sync", self.nodes[name].directory, *source)["peers"]
        return {one["name"]: one["new"] for one in peers}

    def _look(self, name: str, expected: set[str]) -> None:
        """See that a node's own people find these indicators of all, and no other."""
        found = {value for value in self._ids if self._found(name, value)}
        _expect(found == expected, f"{name} holds {sorted(found)}, not {sorted(expected)}")

    def _found(self, name: str, value: str) -> list[dict[str, Any]]:
        """What a node's own people find by a value."""
        found: list[dict[str, Any]] = self._comity("find", self.nodes[name].directory, value)[
            "found"
        ]
        return found

    def _may(self, object_id: str, member: str, *more: str) -> bool:
        where = self.nodes["Norland"].directory
        return bool(self._comity("explain", where, object_id, "--to", member, *more)["allow"])

    def _id_at_norland(self, value: str) -> str:
        """The id of an indicator, as Sudria's liaison finds it, who may read most of them."""
        answer = httpx.get(
            f"{self.nodes['Norland'].url}/api/find",
            params={"q": value},
            headers={"Authorization": f"Bearer {self._tokens[f'{LIAISON} at Norland']}"},
            timeout=10,
        )
        _expect(answer.status_code == httpx.codes.OK, f"the API answered {answer.status_code}")
        found = answer.json()["found"]
        _expect(len(found) == 1, f"the API found {len(found)} of {value}")
        return str(found[0]["id"])

    def _keep_checkpoints(self) -> None:
        for node in self.nodes.values():
            path = self.home / f"{node.name}.checkpoint"
            path.write_text(self._comity("log", "checkpoint", node.directory)["checkpoint"])
            self._checkpoints[node.name] = path

    def secret(self, name: str, text: str) -> Path:
        """A file below the demo's directory that only its owner may read."""
        path = self.home / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def to_try(self) -> Iterator[str]:
        """Commands to type while the servers run; tokens stand in files, not in arguments."""
        norland, sudria = self.nodes["Norland"], self.nodes["Sudria"]
        token = self._tokens.get(f"{LIAISON} at Norland", "")
        header = self.secret("liaison.header", f"Authorization: Bearer {token}\n")
        yield f"curl -s -H @{header} {norland.url}/api/whoami"
        yield f"curl -s -H @{header} '{norland.url}/api/find?q=source.glasswing.test'"
        yield f"curl -s -H @{header} {norland.url}/taxii2/api/collections/"
        for name in list(self._ids.values())[-1:]:
            yield f"comity explain {norland.directory} {name} --to Sudria --as {LIAISON}"
        yield f"comity find {sudria.directory} glasswing.example"
        yield f"comity log verify {norland.url}"


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ComityError(otherwise, code="demo")
