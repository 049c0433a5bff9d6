"""One node with hundreds of versions under very different terms, and users of seven members."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import msgspec
from tests.node.world import (
    HOUR,
    JsonObject,
    Site,
    World,
    identity,
    indicator,
    made_id,
    relationship,
    timestamp,
)

from comity.holdings import Peer
from comity.model.ids import SIGNAL_EXTENSION
from comity.model.marking import TLP1_IDS, TLP2_IDS, Code, Tlp
from comity.model.member import MemberKind, Role, User
from comity.model.purpose import Purpose
from comity.model.time import Micros
from comity.node.acts.members import AgreementTerms, add_agreement
from comity.node.acts.share import Asked

DETECTION, INVESTIGATION = Purpose.DETECTION, Purpose.INVESTIGATION
_NUMBERS: Final = 240
_BATCHES: Final = 45
_PURPOSES: Final[tuple[tuple[Purpose, ...], ...]] = (
    (),
    (),
    (INVESTIGATION,),
    (DETECTION, Purpose.STATISTICS),
)
_MARKS: Final = (*TLP2_IDS.values(), *TLP1_IDS.values())


class Scene:
    """Arden's node and its users, each with its own member's site.

    Brisco, Cairn (a company) and Grove (a council) are in the community `circle`, Dell is a
    client of Brisco, Eden is in nothing, of Falk only the card is known. Arden and Brisco have an
    agreement. Some terms have run out.
    """

    def __init__(self, folder: Path) -> None:
        self.world: Final = World(folder)
        self._random: Final = Random(4)
        self.arden: Final = self.world.site("arden")
        self.brisco: Final = self.world.site("brisco")
        self.users: Final = dict(self._users())
        self._open: Final = self.arden.collection("open")
        self.arden.collection("circle", community="circle")
        for _ in range(_BATCHES):
            objects = [self._object() for _ in range(14)]
            self.arden.share(self._random.choice(("open", "circle")), objects, self._asked())
        self._be_handed()
        self._pull()
        self.world.clock.move(HOUR + HOUR // 2)

    def _users(self) -> Iterator[tuple[User, Site]]:
        arden, brisco = self.arden, self.brisco
        cairn = self.world.site("cairn", MemberKind.COMPANY)
        dell, eden, falk = (self.world.site(name) for name in ("dell", "eden", "falk"))
        grove = self.world.site("grove", MemberKind.CIVIL)
        for site in (brisco, cairn, grove):
            arden.know(site, "circle")
        arden.know(dell, client_of=brisco)
        arden.know(eden)
        with arden.node.store.write() as tx:
            tx.put_peer(Peer(member=falk.card, known=False))
        terms = AgreementTerms(
            name="Pact",
            legal_basis="Treaty",
            parties=(arden.id, brisco.id),
            purposes=(DETECTION, INVESTIGATION),
        )
        add_agreement(arden.node, terms)
        purposes: tuple[Purpose, ...]
        for name, site, purposes in (
            ("ann", arden, (DETECTION, INVESTIGATION)),
            ("bob", brisco, (INVESTIGATION, DETECTION)),
            ("cho", cairn, ()),
            ("dee", dell, (DETECTION, INVESTIGATION)),
            ("gus", grove, (Purpose.STATISTICS, DETECTION)),
        ):
            yield arden.user(name, site, role=Role.ANALYST, purposes=purposes), site
        for name, site, purposes in (
            ("own-program", arden, ()),
            ("brisco-program", brisco, (DETECTION, INVESTIGATION)),
            ("cairn-program", cairn, (Purpose.NETWORK_DEFENCE,)),
            ("dell-program", dell, ()),
            ("eden-program", eden, ()),
            ("falk-program", falk, ()),
        ):
            yield arden.user(name, site, program=True, purposes=purposes), site

    def _object(self) -> JsonObject:
        """A version of one of a few objects; what it carries follows from its name."""
        number, version = self._random.randrange(_NUMBERS), self._random.randrange(4)
        more: JsonObject = {"modified": timestamp(version)}
        if number % 3 == 0:
            more["object_marking_refs"] = [_MARKS[(number // 3 + version) % len(_MARKS)]]
        if number % 10 == 0:
            return identity(number, "individual" if number % 20 else "organization", **more)
        if number % 10 == 1:
            ends = (made_id("indicator", number + 1), made_id("identity", number - 1))
            return relationship(number, *ends, **more)
        kind, value = {
            2: ("email", f"subject-{number}@host.example"),
            3: ("pdq", "0f" * 32),
        }.get(number % 10, ("domain", f"host-{number}.example"))
        signal = {"extension_type": "property-extension", "kind": kind, "value": value}
        return indicator(number, version, extensions={SIGNAL_EXTENSION: signal}, **more)

    def _asked(self) -> Asked:
        some, now = self._random.choice, self.world.clock.now
        return Asked(
            tlp=some((None, Tlp.CLEAR, Tlp.GREEN, Tlp.GREEN, Tlp.AMBER, *Tlp)),
            to=some(((), (), (), ("Brisco",), ("Brisco", "Cairn"), ("Eden", "Grove"))),
            persons=some(((), ("bob",), ("ann", "bob", "dee"))),
            orcon=some((False, False, True)),
            purposes=some(_PURPOSES),
            codes=some(((), (), (), (Code.H0,), (Code.H2,))),
            expires_at=some((None, None, Micros(now + HOUR), Micros(now + 2 * HOUR))),
        )

    def _be_handed(self) -> None:
        """Objects that other members' people hand in, with markings of their own."""
        for user in [one for one in self.users if one.name in ("bob", "cho")]:
            handed = [indicator(1000 + ord(user.name[0]) * 10 + tlp) for tlp in Tlp]
            for one, tlp in zip(handed, Tlp, strict=True):
                one["object_marking_refs"] = [TLP2_IDS[tlp]]
            self.arden.taxii.add(user, self._open, msgspec.json.encode({"objects": handed}))

    def _pull(self) -> None:
        """A copy of a collection that has its home at Brisco's."""
        self.brisco.know(self.arden)
        self.brisco.collection("theirs")
        for tlp in Tlp:
            self.brisco.share("theirs", [indicator(3000 + tlp)], Asked(tlp=tlp))
        self.arden.pull_from(self.brisco)
        assert self.arden.sync(self.brisco).new == len(Tlp) - 1
