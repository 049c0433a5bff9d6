"""The tables, as SQLAlchemy Core: SQL that SQLite, PostgreSQL and Citus all run.

Bytes stand once, in `version`; `entry` places a version in a collection, with the columns that
are filtered or policed. A collection has a small number beside its UUID, because the number
leads every key of its entries. Instants are microseconds since the epoch.

`entry.vid` has no foreign key: to remove a version would then search all entries for it. The
store removes a version only after looking for its last use (`objects.delete`).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    select,
)

__all__ = [
    "BY_HANDLING",
    "BY_VERSION",
    "EVERY_COLLECTION",
    "REVISION",
    "agreement",
    "checkpoint",
    "clock",
    "collection",
    "community",
    "conflict",
    "cover",
    "cursor",
    "entry",
    "handling",
    "journal",
    "label",
    "lease",
    "member",
    "metadata",
    "ref",
    "setting",
    "status",
    "tally",
    "term",
    "tile",
    "user",
    "version",
]

REVISION: Final = "0001"
"""The newest step in `migrations/versions`: what `metadata` describes."""

metadata: Final = MetaData()

# STRICT tables know INTEGER alone, which holds 64 bits there.
INT: Final = BigInteger().with_variant(Integer(), "sqlite")
STRICT: Final[dict[str, Any]] = {"sqlite_strict": True}
CLUSTERED: Final[dict[str, Any]] = {"sqlite_strict": True, "sqlite_with_rowid": False}

# ------------------------------------------------------------------------------------- objects

version: Final = Table(
    "version",
    metadata,
    Column("vid", INT, primary_key=True),
    Column("id", Text, nullable=False),
    Column("modified", INT, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("terms", Text, nullable=False),  # its rows in `term`, as a JSON list
    Column("bytes", LargeBinary, nullable=False),
    UniqueConstraint("id", "modified", "sha256", name="version_content"),
    **STRICT,
)

entry: Final = Table(
    "entry",
    metadata,
    Column("collection", INT, ForeignKey("collection.number"), primary_key=True),
    Column("date_added", INT, primary_key=True),
    Column("vid", INT, nullable=False),
    Column("handling", INT, ForeignKey("handling.key"), nullable=False),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("modified", INT, nullable=False),
    Column("spec_version", Text, nullable=False),
    Column("has_newer", INT, nullable=False),  # 1: the collection holds a later version
    Column("has_older", INT, nullable=False),  # 1: the collection holds an earlier one
    Column("case_id", Text),
    Column("expires_at", INT),
    Column("review_at", INT),
    Index("entry_handling", "collection", "handling", "date_added"),
    Index("entry_version", "collection", "id", "modified", unique=True),
    **CLUSTERED,
)

# For `Select.with_hint`: SQLite's planner knows no counts, and unasked it takes an entry's key
# even where that means to look at every entry of the collection.
BY_HANDLING: Final = (entry, "INDEXED BY entry_handling", "sqlite")
BY_VERSION: Final = (entry, "INDEXED BY entry_version", "sqlite")

clock: Final = Table(
    "clock",
    metadata,
    Column("name", Text, primary_key=True),  # `journal`, `generation`, `collection:` and an id
    Column("last", INT, nullable=False),
    **CLUSTERED,
)

tally: Final = Table(
    "tally",
    metadata,
    Column("collection", INT, ForeignKey("collection.number"), primary_key=True),
    Column("handling", INT, ForeignKey("handling.key"), primary_key=True),
    Column("n", INT, nullable=False),
    **CLUSTERED,
)

handling: Final = Table(
    "handling",
    metadata,
    Column("key", INT, primary_key=True),
    Column("id", Text, nullable=False),
    Column("data_class", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),  # Handling.canonical()
    UniqueConstraint("id", "data_class", name="handling_content"),
    **STRICT,
)

label: Final = Table(
    "label",
    metadata,
    Column("vid", INT, ForeignKey("version.vid"), primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("spec_version", Text, nullable=False),
    **STRICT,
)

cover: Final = Table(
    "cover",
    metadata,
    Column("id", Text, primary_key=True),
    Column("modified", INT, primary_key=True),
    Column("sha256", Text, primary_key=True),  # as the label spells it
    Column("vid", INT, ForeignKey("label.vid"), primary_key=True),
    **CLUSTERED,
)

ref: Final = Table(
    "ref",
    metadata,
    Column("vid", INT, ForeignKey("version.vid"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    **CLUSTERED,
)

term: Final = Table(
    "term",
    metadata,
    Column("term", Text, primary_key=True),
    Column("vid", INT, primary_key=True),
    **CLUSTERED,
)

conflict: Final = Table(
    "conflict",
    metadata,
    Column("collection", INT, ForeignKey("collection.number"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("modified", INT, primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("vid", INT, nullable=False),
    Column("handling", INT, ForeignKey("handling.key"), nullable=False),
    Column("source", Text, nullable=False),
    Column("at", INT, nullable=False),
    Column("case_id", Text),
    Column("expires_at", INT),
    Column("review_at", INT),
    **CLUSTERED,
)

# ------------------------------------------------------------------------------------ registry

collection: Final = Table(
    "collection",
    metadata,
    Column("number", INT, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    Column("document", LargeBinary, nullable=False),
    **STRICT,
)

member: Final = Table(
    "member",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("card", LargeBinary, nullable=False),
    Column("client_of", Text),
    Column("token", Text),  # a secret: what we present at its node
    Column("known", INT, nullable=False),
    **CLUSTERED,
)

community: Final = Table(
    "community",
    metadata,
    Column("member", Text, ForeignKey("member.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    **CLUSTERED,
)

user: Final = Table(
    "user",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("password_hash", LargeBinary, nullable=False),
    Column("document", LargeBinary, nullable=False),
    **CLUSTERED,
)

agreement: Final = Table(
    "agreement",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    **CLUSTERED,
)

setting: Final = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    **CLUSTERED,
)

EVERY_COLLECTION: Final = select(collection.c.number)
"""For `entry.collection IN ...`: the index is then used for each, where a join would not."""

# ----------------------------------------------------------------------------- journal and log

journal: Final = Table(
    "journal",
    metadata,
    Column("log_index", INT, primary_key=True, autoincrement=False),
    Column("at", INT, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    **STRICT,
)

tile: Final = Table(
    "tile",
    metadata,
    Column("level", INT, primary_key=True),
    Column("position", INT, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
    **STRICT,
)

checkpoint: Final = Table(
    "checkpoint",
    metadata,
    Column("size", INT, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
    **STRICT,
)

# ---------------------------------------------------------------------------------------- jobs

lease: Final = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text),  # NULL: given back
    Column("fence", INT, nullable=False),
    Column("expires_at", INT, nullable=False),
    **CLUSTERED,
)

cursor: Final = Table(
    "cursor",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    **CLUSTERED,
)

status: Final = Table(
    "status",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", INT, nullable=False),
    Column("document", LargeBinary, nullable=False),
    **CLUSTERED,
)
