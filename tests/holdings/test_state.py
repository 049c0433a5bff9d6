"""A store under any sequence of changes: its own counts and marks stay true to its rows."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.holdings.soundness import assert_sound
from typing_extensions import override

from comity.errors import ConflictError
from comity.handling import Admitted, Cover
from comity.holdings import Collection, Query, open_store
from comity.holdings.kit.model import CollectionModel
from comity.holdings.kit.values import (
    EVERY,
    MEMBERS,
    NOW,
    US,
    admitted,
    collection,
    grant_to,
    object_id,
    only,
    version,
)
from comity.model.ids import LABEL_TYPE
from comity.model.time import Micros
from comity.model.version import Version

COLLECTIONS = (collection("first"), collection("other"))
HANDLINGS = [only(US, *MEMBERS[:n]) for n in range(3)]

places = st.sampled_from(COLLECTIONS)
names = st.tuples(st.integers(0, 3).map(object_id), st.integers(0, 3).map(Micros))
objects = st.builds(
    admitted,
    st.builds(
        version,
        st.integers(0, 3),
        st.integers(0, 3),
        content=st.sampled_from(("", "", "", "rival")),
        terms=st.lists(st.sampled_from("abc")),
        refs=st.lists(st.tuples(st.sampled_from(("x_ref", "y_refs")), st.sampled_from("abc"))),
    ),
    st.sampled_from(HANDLINGS),
)


class Changes(RuleBasedStateMachine):
    """Puts, deletions, conflicts, labels and transactions that are given up."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = open_store(f"sqlite:///{self.folder}/store.db", create=True)
        self.models = {one.id: CollectionModel() for one in COLLECTIONS}
        self.labels = itertools.count()
        with self.store.write() as tx:
            for one in COLLECTIONS:
                tx.put_collection(one)

    @rule(of=places, batch=st.lists(objects, max_size=6), kept=st.booleans())
    def put(self, of: Collection, batch: list[Admitted[Version]], kept: bool) -> None:
        model = self.models[of.id]
        known = {name: entry.version.sha256 for name, entry in model.entries.items()}
        right = all(
            known.setdefault((one.value.id, one.value.modified), one.value.sha256)
            == one.value.sha256
            for one in batch
        )
        try:
            with self.store.write() as tx:
                span = tx.put_many(of.id, batch, NOW)
                keys = [tx.intern(one.terms.handling, one.terms.facts.data_class) for one in batch]
                if not kept:
                    raise ZeroDivisionError
        except ConflictError:
            assert not right
        except ZeroDivisionError:
            assert right
        else:
            assert right
            if span is not None:
                model.put(batch, keys, span[0])

    @rule(of=places, gone=st.lists(names, max_size=4))
    def delete(self, of: Collection, gone: list[tuple[str, Micros]]) -> None:
        with self.store.write() as tx:
            assert tx.delete(of.id, gone) == self.models[of.id].delete(gone)

    @rule(of=places, one=objects)
    def conflict(self, of: Collection, one: Admitted[Version]) -> None:
        with self.store.write() as tx:
            before = tx.conflicts(of.id)
            new = tx.keep_conflict(of.id, one, NOW)
            assert len(tx.conflicts(of.id)) == len(before) + new

    @rule(over=names, number=st.integers(0, 2), enter=st.booleans())
    def label(self, over: tuple[str, Micros], number: int, enter: bool) -> None:
        one = version(number, kind=LABEL_TYPE, terms=["label"])
        cover = Cover(over[0], over[1], "00" * 32)
        with self.store.write() as tx:
            tx.put_labels([(one, [cover])])
            assert one in tx.labels([cover])[cover]
            if enter:
                given = admitted(one)
                span = tx.put_many(COLLECTIONS[0].id, [given], NOW)
                assert span is not None
                key = tx.intern(given.terms.handling, given.terms.facts.data_class)
                self.models[COLLECTIONS[0].id].put([given], [key], span[0])

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.read() as tx:
            for of, model in self.models.items():
                counts = Counter(entry.handling for entry in model.entries.values())
                assert tx.counts(of) == counts
                for reader in (US, MEMBERS[1]):
                    given = grant_to(tx, reader)
                    for query in (Query(collection=of), Query(collection=of, version=EVERY)):
                        page, right = tx.iter_page(given, query), model.page(given, query)
                        assert list(page.rows) == list(right.rows)

    @override
    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        self.store.close()
        assert_sound(self.folder / "store.db")
        shutil.rmtree(self.folder)


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=settings().max_examples // 3, stateful_step_count=15)
