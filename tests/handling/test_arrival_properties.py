"""`admit`: what holds of every arrival, however odd."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.handling.builders import (
    MEMBERS,
    NOW,
    SPYWARE,
    complete,
    every_question,
    handlings,
    node,
    said_in_full,
    sparse_handlings,
)
from tests.handling.test_arrival import ARDEN, PERSONAL, kept, label, tlp

from comity.errors import RefusedError
from comity.handling import (
    Arrival,
    Channel,
    DataClass,
    Handling,
    Policy,
    Reading,
    Terms,
    decide,
    join,
)
from comity.model.marking import Tlp

any_terms = sparse_handlings() | handlings()


def in_full(handling: Handling) -> Handling:
    """What is held names its audience, as it was admitted."""
    return complete(handling, DataClass.OTHER)


labels = st.builds(label, st.sampled_from(sorted(MEMBERS)), any_terms)
readings = st.builds(
    Reading,
    id=st.just("marking-definition--x"),
    handling=st.none() | any_terms,
    caveats=st.sampled_from((frozenset(), frozenset({"Copyright 2026"}))),
)
arrivals = st.builds(
    Arrival,
    channel=st.sampled_from(Channel),
    sender=st.sampled_from(("arden", "brisco", "cairn")),
    author=st.none() | st.sampled_from(sorted(MEMBERS)),
    readings=st.lists(readings, max_size=2).map(tuple),
    labels=st.lists(labels, max_size=2).map(tuple),
    options=st.none() | any_terms,
    asks_tlp=st.booleans(),
    held=st.none() | any_terms.map(in_full),
    community=st.none() | st.just(SPYWARE),
    data_class=st.sampled_from(DataClass),
).map(
    # Only our own share has options, and only we bring what is our own.
    lambda one: msgspec.structs.replace(
        one,
        sender="arden" if one.channel is Channel.OWN else one.sender,
        options=one.options if one.channel is Channel.OWN else None,
    )
)


def admitted(one: Arrival, policy: Policy = ARDEN) -> Terms | None:
    try:
        return kept(one, policy)
    except RefusedError:
        return None


@given(arrivals)
def test_what_is_kept_names_its_originator_and_its_audience(one: Arrival) -> None:
    found = admitted(one)
    if found is not None:
        assert said_in_full(found.handling, one.data_class)


@given(arrivals)
def test_what_is_kept_is_as_strict_as_each_thing_said(one: Arrival) -> None:
    found = admitted(one)
    if found is None:
        return
    said = [reading.handling for reading in one.readings if reading.handling is not None]
    said += [handling for _, handling in one.labels]
    said += [one.held] if one.held is not None else []
    if one.options is not None and one.asks_tlp:
        asked = one.options
        if asked.recipients is not None:
            # For another's object the list may name us, who hold it.
            asked = msgspec.structs.replace(asked, recipients=asked.recipients | {"arden"})
        said.append(asked)
    for part in said:
        # Who the originator is follows rules of its own, tested above.
        nameless = msgspec.structs.replace(part, originators=frozenset())
        assert join([found.handling, nameless]) == found.handling


@given(arrivals, any_terms, st.booleans())
def test_options_never_let_in_anybody_who_was_out(
    one: Arrival, options: Handling, asks_tlp: bool
) -> None:
    """Where something was said before, asking for anything can only narrow it."""
    said = (*one.readings, tlp("green"))
    bare = msgspec.structs.replace(
        one, channel=Channel.OWN, sender="arden", options=None, readings=said
    )
    # Whose it is, options may say; to whom it goes follows from that by rules of its own.
    options = msgspec.structs.replace(options, originators=frozenset())
    asked = msgspec.structs.replace(bare, options=options, asks_tlp=asks_tlp)
    before, after = admitted(bare), admitted(asked)
    if before is None or after is None:
        return
    if before.handling.tlp is Tlp.RED and before.handling.originators == {"arden"}:
        return  # Of our own we may say which persons it is for, where nothing says that yet.
    for reader, act, purpose in every_question():
        if decide(after.handling, after.facts, reader, act, purpose, NOW, ARDEN).allow:
            allowed = decide(before.handling, before.facts, reader, act, purpose, NOW, ARDEN).allow
            assert allowed, (reader, act, purpose, before.handling, after.handling)


@given(arrivals, st.sampled_from(sorted(set(MEMBERS) - {"arden", "brisco", "cairn"})), any_terms)
def test_a_third_partys_label_never_lets_in_anybody_who_was_out(
    one: Arrival, third: str, handling: Handling
) -> None:
    """Whatever the label says, its own name as the originator included."""
    one = msgspec.structs.replace(one, author=one.author or "cairn", held=None)
    if one.author == third:
        return
    labelled = msgspec.structs.replace(one, labels=(*one.labels, label(third, handling)))
    before, after = admitted(one), admitted(labelled)
    if before is None or after is None:
        # What is refused without the label is refused with it.
        assert after is None
        return
    for reader, act, purpose in every_question():
        if decide(after.handling, after.facts, reader, act, purpose, NOW, ARDEN).allow:
            assert decide(before.handling, before.facts, reader, act, purpose, NOW, ARDEN).allow


@given(arrivals, st.sampled_from(sorted(MEMBERS)))
def test_a_label_is_made_exactly_where_a_stranger_would_read_other_terms(
    one: Arrival, stranger: str
) -> None:
    """The stranger pulls bytes and labels from us and knows the same members.

    Labels name their audience here, as those of every node of Comity do.
    """
    named = tuple((made, in_full(handling)) for made, handling in one.labels)
    one = msgspec.structs.replace(one, labels=named)
    found = admitted(one)
    involved = {"arden", *(made.labelled_by for made, _ in one.labels)}
    if found is None or stranger in involved or found.handling.tlp is Tlp.RED:
        return
    theirs = Arrival(
        channel=Channel.PULLED,
        sender="arden",
        author=one.author,
        readings=one.readings,
        labels=(*one.labels, label("arden", found.handling)) if found.needs_label else one.labels,
        data_class=one.data_class,
    )
    policy = node(stranger, agreements=())
    only_here = found.handling.recipients == frozenset({"arden"})
    there = admitted(theirs, policy)
    if there is None:
        # A company or a council keeps no personal data; nothing else is a reason.
        assert one.data_class is PERSONAL
    elif not only_here:
        assert there.handling == found.handling
