"""Checks of what is kept of objects: puts, moves, conflicts, labels, look-ups, deletion."""

from __future__ import annotations

from typing import Final

from comity.errors import ConflictError, NotFoundError
from comity.handling import Cover, DataClass, Facts
from comity.holdings.kit.values import (
    EVERY,
    MEMBERS,
    NOW,
    US,
    MakeStore,
    admitted,
    clear,
    collection,
    everything,
    fresh,
    grant_to,
    object_id,
    only,
    raises,
    version,
)
from comity.holdings.protocol import Query
from comity.model.ids import LABEL_TYPE
from comity.model.time import Micros
from comity.model.version import Version

__all__ = ["CHECKS"]

FIRST: Final = collection("first")
OTHER: Final = collection("other")


def check_what_is_put_is_held(make_store: MakeStore) -> None:
    """Bytes, terms and facts come back as they were put, by every way of asking."""
    one = version(1, 5, kind="malware", spec_version="2.0")
    facts = Facts(
        data_class=DataClass.OTHER,
        expires_at=Micros(NOW + 9),
        review_at=Micros(NOW + 4),
        case_id="case-1",
    )
    handling = only(MEMBERS[0], caveat="read me")
    with fresh(make_store, FIRST, OTHER) as store:
        with store.write() as tx:
            span = tx.put_many(FIRST.id, [admitted(one, handling, facts)], NOW)
        assert span == (NOW, NOW)
        with store.read() as tx:
            key = tx.held(FIRST.id, [(one.id, one.modified)])[one.id, one.modified].handling
            assert tx.held(FIRST.id, [(one.id, one.modified), (one.id, Micros(6))]) == {
                (one.id, one.modified): (one.sha256, key, facts, NOW)
            }
            assert tx.held(OTHER.id, [(one.id, one.modified)]) == {}
            assert tx.raw(FIRST.id, one.id, one.modified) == one.raw
            assert tx.raw(OTHER.id, one.id, one.modified) is None
            assert tx.counts(FIRST.id) == {key: 1}
            assert tx.counts(OTHER.id) == {}
            row = next(row for row in tx.handlings() if row.key == key)
            assert (row.handling, row.data_class) == (handling, DataClass.OTHER)
            assert tx.facts(one.id) == [(FIRST.id, one.modified, row, facts)]
            query = Query(collection=FIRST.id)
            page = tx.iter_page(grant_to(tx, MEMBERS[0], cases=["case-1"]), query)
            assert page == ([(NOW, key, one.id, one.modified, "2.0", one.raw)], False)


def check_look_ups_by_id(make_store: MakeStore) -> None:
    """`newest` and `facts` see all versions, in any order of arrival."""
    batch = [version(1, 20), version(1, 30), version(1, 10), version(2, 5)]
    with fresh(make_store, FIRST, OTHER) as store:
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(one) for one in batch], NOW)
            tx.put_many(OTHER.id, [admitted(version(1, 40))], NOW)
        with store.read() as tx:
            ids = [object_id(number) for number in (1, 2, 3)]
            assert tx.newest(FIRST.id, ids) == {ids[0]: batch[1].raw, ids[1]: batch[3].raw}
            assert tx.newest(OTHER.id, ids) == {ids[0]: version(1, 40).raw}
            assert tx.newest(FIRST.id, []) == {}
            places = [(name, modified) for name, modified, _, _ in tx.facts(ids[0])]
            assert places == [(OTHER.id, 40), (FIRST.id, 30), (FIRST.id, 20), (FIRST.id, 10)]
            assert tx.facts(ids[2]) == []


def check_many_at_once(make_store: MakeStore) -> None:
    """A thousand objects at once, and questions about more than a thousand."""
    batch = [version(number, number) for number in range(1000)]
    with fresh(make_store, FIRST) as store:
        with store.write() as tx:
            assert tx.put_many(FIRST.id, [], NOW) is None
            span = tx.put_many(FIRST.id, [admitted(one) for one in batch], NOW)
            assert span == (NOW - 999, NOW)
            with raises(ValueError):
                tx.put_many(FIRST.id, [admitted(version(n)) for n in range(1001)], NOW)
        names = [(object_id(number), Micros(number)) for number in range(3000)]
        with store.read() as tx:
            assert len(tx.held(FIRST.id, names)) == 1000
            assert len(tx.newest(FIRST.id, [name for name, _ in names])) == 1000
            page = tx.iter_page(grant_to(tx), Query(collection=FIRST.id))
            assert [row.slice for row in page.rows] == [one.raw for one in batch]
            assert not page.more
        with store.write() as tx:
            assert tx.delete(FIRST.id, names) == 1000


def check_a_put_again_moves_to_the_end(make_store: MakeStore) -> None:
    """The same bytes again: the end of the order, the new terms, one entry."""
    one, two = version(1), version(2)
    with fresh(make_store, FIRST) as store:
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(one), admitted(two)], NOW)
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(one, only(MEMBERS[1]), Facts(case_id="c"))], NOW)
        with store.read() as tx:
            held = tx.held(FIRST.id, [(one.id, one.modified), (two.id, two.modified)])
            assert held[one.id, one.modified].date_added > held[two.id, two.modified].date_added
            assert held[one.id, one.modified].facts.case_id == "c"
            assert sum(tx.counts(FIRST.id).values()) == 2
            assert len(tx.counts(FIRST.id)) == 2
            assert everything(tx, FIRST) == [two.raw.decode()]


def check_twice_in_one_put(make_store: MakeStore) -> None:
    """The same version twice in a batch: one entry, at the later place, under the later terms."""
    one, two = version(1), version(2)
    batch = [admitted(one, only(US)), admitted(two), admitted(one)]
    with fresh(make_store, FIRST) as store:
        with store.write() as tx:
            span = tx.put_many(FIRST.id, batch, NOW)
        assert span is not None
        assert span[1] - span[0] == 2
        with store.read() as tx:
            assert everything(tx, FIRST) == [two.raw.decode(), one.raw.decode()]
            assert tx.held(FIRST.id, [(one.id, one.modified)])[one.id, one.modified][3] == span[1]
            assert sum(tx.counts(FIRST.id).values()) == 2


def check_other_bytes_are_refused(make_store: MakeStore) -> None:
    """Another content of a version held raises, and nothing of its batch is kept."""
    one = version(1)
    rival = version(1, content="other")
    with fresh(make_store, FIRST, OTHER) as store:
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(one)], NOW)
        with raises(ConflictError), store.write() as tx:
            tx.put_many(FIRST.id, [admitted(version(2)), admitted(rival)], NOW)
        with raises(ConflictError), store.write() as tx:
            tx.put_many(FIRST.id, [admitted(version(3)), admitted(version(3, content="x"))], NOW)
        with store.write() as tx:
            with raises(ConflictError):
                tx.put_many(FIRST.id, [admitted(version(4)), admitted(rival)], NOW)
            tx.put_many(OTHER.id, [admitted(rival)], NOW)
        with store.read() as tx:
            assert everything(tx, FIRST) == [one.raw.decode()]
            assert everything(tx, OTHER) == [rival.raw.decode()]


def check_an_unknown_collection(make_store: MakeStore) -> None:
    """Nothing is put where there is no collection; reading from it finds nothing."""
    with fresh(make_store) as store:
        with raises(NotFoundError), store.write() as tx:
            tx.put_many(FIRST.id, [admitted(version(1))], NOW)
        with raises(NotFoundError), store.write() as tx:
            tx.keep_conflict(FIRST.id, admitted(version(1)), NOW)
        with store.write() as tx:
            assert tx.delete(FIRST.id, [(object_id(1), Micros(0))]) == 0
        with store.read() as tx:
            assert tx.iter_page(grant_to(tx), Query(collection=FIRST.id)) == ([], False)
            assert tx.held(FIRST.id, [(object_id(1), Micros(0))]) == {}
            assert tx.counts(FIRST.id) == {}


def check_conflicts_are_kept_apart(make_store: MakeStore) -> None:
    """A rival is kept once, listed oldest first, and served by nothing."""
    one = version(1, terms=["mine"])
    rivals = [version(1, content=text, terms=["theirs"]) for text in ("a", "b")]
    with fresh(make_store, FIRST, OTHER) as store:
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(one)], NOW)
            assert tx.keep_conflict(FIRST.id, admitted(rivals[1]), Micros(NOW + 1))
            assert tx.keep_conflict(FIRST.id, admitted(rivals[0]), Micros(NOW))
            assert not tx.keep_conflict(FIRST.id, admitted(rivals[0]), Micros(NOW + 7))
        with store.read() as tx:
            kept = tx.conflicts()
            assert [each[3] for each in kept] == [rivals[0].sha256, rivals[1].sha256]
            assert kept[0] == (FIRST.id, one.id, one.modified, rivals[0].sha256, US, NOW)
            assert tx.conflicts(FIRST.id) == kept
            assert tx.conflicts(OTHER.id) == []
            assert everything(tx, FIRST) == [one.raw.decode()]
            assert tx.search(grant_to(tx), ["theirs"], 10).rows == []
            assert tx.raw(FIRST.id, one.id, one.modified) == one.raw


def check_handlings_are_interned(make_store: MakeStore) -> None:
    """One key for one pair for ever, found again by every transaction and by its id."""
    with fresh(make_store) as store:
        with store.write() as tx:
            keys = [tx.intern(clear(), one) for one in DataClass]
            assert [tx.intern(clear(), one) for one in DataClass] == keys
            other = tx.intern(only(US), DataClass.CYBER)
        assert len({*keys, other}) == len(DataClass) + 1
        with store.write() as tx:
            assert tx.intern(only(US), DataClass.CYBER) == other
        with store.read() as tx:
            assert {row.key: row.handling for row in tx.handlings()} == {
                **dict.fromkeys(keys, clear()),
                other: only(US),
            }
            assert tx.handling(only(US).id) == only(US)
            assert tx.handling(only(MEMBERS[0]).id) is None


def check_a_rolled_back_handling_is_forgotten(make_store: MakeStore) -> None:
    """A key that was never committed may come again for another handling."""
    with fresh(make_store, FIRST) as store:
        with raises(ZeroDivisionError), store.write() as tx:
            tx.intern(only(MEMBERS[0]), DataClass.CYBER)
            tx.handlings()
            raise ZeroDivisionError
        with store.write() as tx:
            assert tx.handling(only(MEMBERS[0]).id) is None
            tx.put_many(FIRST.id, [admitted(version(1), only(MEMBERS[1]))], NOW)
        with store.read() as tx:
            assert [row.handling for row in tx.handlings()] == [only(MEMBERS[1])]
            assert everything(tx, FIRST, reader=MEMBERS[0]) == []
            assert everything(tx, FIRST, reader=MEMBERS[1]) == [version(1).raw.decode()]


def check_markings(make_store: MakeStore) -> None:
    """The bytes of markings from any collection; a rival that came later changes nothing."""
    marking = version(1, kind="marking-definition")
    later = version(1, 7, kind="marking-definition", content="later")
    rival = version(2, kind="marking-definition", content="unserved")
    with fresh(make_store, FIRST, OTHER) as store:
        with store.write() as tx:
            tx.put_many(OTHER.id, [admitted(marking), admitted(version(3))], NOW)
            tx.put_many(FIRST.id, [admitted(later)], NOW)
            tx.keep_conflict(FIRST.id, admitted(rival), NOW)
        with store.read() as tx:
            wanted = [marking.id, rival.id, object_id(3), object_id(4, "marking-definition")]
            assert tx.markings(wanted) == {marking.id: marking.raw}
            assert tx.markings([]) == {}


def _label(number: int, modified: int) -> Version:
    return version(number, modified, kind=LABEL_TYPE, refs=[("over", "x")], terms=["label"])


def check_labels(make_store: MakeStore) -> None:
    """Labels are found by exactly what they cover, oldest first, and served only once entered."""
    covered = Cover(object_id(1), Micros(5), "ab" * 32)
    also = Cover(object_id(2), Micros(5), "cd" * 32)
    old, new = _label(7, 1), _label(6, 2)
    with fresh(make_store, FIRST) as store:
        with store.write() as tx:
            tx.put_labels([(new, [covered]), (old, [covered])])
            tx.put_labels([(old, [covered, also])])
            tx.put_labels([])
        with store.read() as tx:
            other = [Cover(covered.id, Micros(6), covered.sha256), Cover(covered.id, Micros(5), "")]
            found = tx.labels([covered, also, *other])
            assert found == {covered: [old, new], also: [old]}
            assert tx.labels([]) == {}
            assert everything(tx, FIRST) == []
            assert {one.id for one in tx.unserved_labels(10)} == {old.id, new.id}
            assert len(tx.unserved_labels(1)) == 1
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(old)], NOW)
        with store.read() as tx:
            assert everything(tx, FIRST) == [old.raw.decode()]
            assert tx.unserved_labels(10) == [new]


def check_deletion(make_store: MakeStore) -> None:
    """What is deleted is found by nothing; other content may then take its name."""
    batch = [version(1, 10, terms=["gone"]), version(1, 20), version(1, 30), version(2, 5)]
    with fresh(make_store, FIRST, OTHER) as store:
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(one) for one in batch], NOW)
            tx.put_many(OTHER.id, [admitted(batch[1])], NOW)
            tx.keep_conflict(FIRST.id, admitted(version(1, 10, content="rival")), NOW)
        with store.write() as tx:
            names = [(one.id, one.modified) for one in (batch[0], batch[2])]
            assert tx.delete(FIRST.id, [*names, (object_id(9), Micros(0))]) == 2
            assert tx.delete(FIRST.id, names) == 0
            assert tx.delete(FIRST.id, []) == 0
        with store.read() as tx:
            assert everything(tx, FIRST) == [batch[1].raw.decode(), batch[3].raw.decode()]
            assert everything(tx, OTHER) == [batch[1].raw.decode()]
            assert tx.newest(FIRST.id, [object_id(1)]) == {object_id(1): batch[1].raw}
            assert sum(tx.counts(FIRST.id).values()) == 2
            assert tx.search(grant_to(tx), ["gone"], 10).rows == []
            assert tx.conflicts() == []
            page = tx.iter_page(grant_to(tx), Query(collection=FIRST.id))
            assert [row.modified for row in page.rows] == [20, 5]
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(version(1, 10, content="new"))], NOW)
        with store.read() as tx:
            assert tx.raw(FIRST.id, object_id(1), Micros(10)) == version(1, 10, content="new").raw


def check_bytes_stay_where_they_are_used(make_store: MakeStore) -> None:
    """A version deleted in one collection stays in another, as a conflict, and as a label."""
    one, label = version(1, terms=["word"]), _label(2, 0)
    cover = Cover(object_id(1), Micros(0), "00" * 32)
    with fresh(make_store, FIRST, OTHER) as store:
        with store.write() as tx:
            tx.put_labels([(label, [cover])])
            tx.put_many(FIRST.id, [admitted(one), admitted(label)], NOW)
            tx.put_many(OTHER.id, [admitted(version(1, content="stands"))], NOW)
            tx.keep_conflict(OTHER.id, admitted(one), NOW)
            names = [(each.id, each.modified) for each in (one, label)]
            assert tx.delete(FIRST.id, names) == 2
            assert tx.labels([cover]) == {cover: [label]}
            assert len(tx.conflicts(OTHER.id)) == 1
            tx.put_many(FIRST.id, [admitted(one), admitted(label)], NOW)
        with store.read() as tx:
            assert everything(tx, FIRST) == [one.raw.decode(), label.raw.decode()]
            assert len(tx.search(grant_to(tx), ["word"], 10).rows) == 1


def check_texts_of_every_script(make_store: MakeStore) -> None:
    """Names and terms may be in any script, and of any length."""
    words = ["straße", "قائمة", "名前", "имя", "\U0001f5fa", "a" * 5000, 'it\'s "quoted"', "%_"]
    with fresh(make_store, FIRST) as store:
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(version(1, terms=words), only(US, caveat="名"))], NOW)
        with store.read() as tx:
            for word in words:
                assert len(tx.search(grant_to(tx), [word], 5).rows) == 1
            assert tx.search(grant_to(tx), ["%"], 5).rows == []
            assert [row.handling.caveats for row in tx.handlings()] == [{"名"}]
            query = Query(collection=FIRST.id, version=EVERY, ids=("it's",))
            assert tx.iter_page(grant_to(tx), query).rows == []


CHECKS: Final = (
    check_what_is_put_is_held,
    check_look_ups_by_id,
    check_many_at_once,
    check_a_put_again_moves_to_the_end,
    check_twice_in_one_put,
    check_other_bytes_are_refused,
    check_an_unknown_collection,
    check_conflicts_are_kept_apart,
    check_handlings_are_interned,
    check_a_rolled_back_handling_is_forgotten,
    check_markings,
    check_labels,
    check_deletion,
    check_bytes_stay_where_they_are_used,
    check_texts_of_every_script,
)
