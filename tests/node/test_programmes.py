"""Questions asked in a case or programme: the one that every node begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.errors import NotAllowedError, NotFoundError, RefusedError
from comity.handling import Reader
from comity.model.member import MemberKind
from comity.model.purpose import Purpose
from comity.node.acts.begin import begin
from comity.node.acts.find import find
from comity.node.acts.programmes import LOCAL, purpose_within
from comity.node.wiring import open_node


def test_the_local_programme_covers_detection_first(tmp_path: Path) -> None:
    begin(tmp_path / "north", "North", "XN", MemberKind.STATE)
    node = open_node(tmp_path / "north")
    anyone = Reader(member_id=node.member_id)
    try:
        assert purpose_within(node, anyone, None, LOCAL) is Purpose.DETECTION
        defence = Purpose.NETWORK_DEFENCE
        assert purpose_within(node, anyone, defence, LOCAL) is defence
        with pytest.raises(RefusedError) as refused:
            purpose_within(node, anyone, Purpose.PROSECUTION, LOCAL)
        assert refused.value.code == "purpose-not-covered"
        with pytest.raises(NotFoundError):
            purpose_within(node, anyone, None, "another")
        bound = Reader(member_id=node.member_id, purposes=(Purpose.STATISTICS,))
        with pytest.raises(NotAllowedError):
            purpose_within(node, bound, None, LOCAL)
        assert find(node, anyone, "anything", case=LOCAL).value == {"found": []}
        with node.store.read() as tx:
            last = tx.journal_rows(tx.journal_size() - 1, 1)[0][1]
        assert b'"case":"local"' in last.payload
    finally:
        node.close()
