"""What must be true of a store's tables at any time, asked of the file itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["assert_sound"]

# Questions whose answers must be empty.
BROKEN = {
    "the tally is not the count": """
        SELECT collection, handling, sum(n) FROM (
            SELECT collection, handling, n FROM tally
            UNION ALL SELECT collection, handling, -1 FROM entry
        ) GROUP BY 1, 2 HAVING sum(n) <> 0""",
    "has_newer or has_older is wrong": """
        SELECT * FROM entry e WHERE has_newer <> EXISTS (
            SELECT 1 FROM entry o
            WHERE o.collection = e.collection AND o.id = e.id AND o.modified > e.modified
        ) OR has_older <> EXISTS (
            SELECT 1 FROM entry o
            WHERE o.collection = e.collection AND o.id = e.id AND o.modified < e.modified
        )""",
    "an entry has no bytes, or another's": """
        SELECT * FROM entry e LEFT JOIN version v USING (vid)
        WHERE v.id IS NOT e.id OR v.modified IS NOT e.modified""",
    "a conflict has no bytes": """
        SELECT * FROM conflict c LEFT JOIN version v USING (vid)
        WHERE v.sha256 IS NOT c.sha256""",
    "bytes that nothing names": """
        SELECT vid FROM version WHERE vid NOT IN (
            SELECT vid FROM entry UNION SELECT vid FROM conflict UNION SELECT vid FROM label
        )""",
    "terms or references of bytes that are gone": """
        SELECT vid FROM term WHERE vid NOT IN (SELECT vid FROM version)
        UNION SELECT vid FROM ref WHERE vid NOT IN (SELECT vid FROM version)""",
    "terms that are not those listed": """
        SELECT * FROM version v WHERE (
            SELECT count(*) FROM term t WHERE t.vid = v.vid
        ) <> json_array_length(terms)""",
    "an entry beyond the clock": """
        SELECT * FROM entry e JOIN collection c ON c.number = e.collection
        JOIN clock k ON k.name = 'collection:' || c.id WHERE e.date_added > k.last""",
    "a gap in the journal": """
        SELECT last FROM clock WHERE name = 'journal' AND (
            last <> (SELECT count(*) FROM journal)
            OR last <> (SELECT coalesce(max(log_index) + 1, 0) FROM journal)
        )""",
    "a foreign key": "SELECT * FROM pragma_foreign_key_check",
    "a damaged page": "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
}


def assert_sound(path: Path) -> None:
    """Fail where a count, a mark or a reference in the file does not agree with its rows."""
    with closing(sqlite3.connect(path)) as db:
        for what, question in BROKEN.items():
            assert db.execute(question).fetchall() == [], what
