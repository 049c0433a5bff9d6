from __future__ import annotations

import threading
from io import BytesIO
from typing import NoReturn

import pytest
from tests.api.conftest import Place

from comity.api.records import Records
from comity.api.sequencer import Sequencer
from comity.errors import BusyError, LogError
from comity.node.acts import log


def journalled(place: Place) -> None:
    place.north.share("logged.example", collection="open", tlp="clear")


def is_settled(place: Place) -> bool:
    journal, logged = log.sizes(place.north.node)
    return journal == logged


def test_what_is_journalled_gets_into_the_log(place: Place) -> None:
    sequencer = Sequencer(place.north.node, Records())
    sequencer.start()
    try:
        journalled(place)
        tries = 0
        while not is_settled(place) and tries < 400:
            tries += 1
            threading.Event().wait(0.05)
        assert is_settled(place)
    finally:
        sequencer.stop()


def test_stopping_leaves_nothing_behind(place: Place) -> None:
    sequencer = Sequencer(place.north.node, Records())
    sequencer.start()
    journalled(place)
    sequencer.stop()
    assert is_settled(place)


@pytest.mark.parametrize(
    ("error", "told"),
    [(BusyError("locked"), False), (LogError("forked"), True), (RuntimeError("private"), True)],
)
def test_an_error_is_recorded_and_the_next_pass_tries_again(
    place: Place,
    error: Exception,
    told: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: object) -> NoReturn:
        raise error

    journalled(place)
    stream = BytesIO()
    sequencer = Sequencer(place.north.node, Records(stream))
    with monkeypatch.context() as patch:
        patch.setattr("comity.api.sequencer.log.settle", fail)
        sequencer.look()
    assert (b"log-not-settled" in stream.getvalue()) is told
    sequencer.look()
    assert is_settled(place)
    assert b"private" not in stream.getvalue()
