"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# A step is history: it says all by itself, so that a later change of `schema` leaves it alone.
INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STRICT = {"sqlite_strict": True}
CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    """Make all tables."""
    _handlings_and_collections()
    _versions()
    _labels()
    _entries()
    _conflicts()
    _members()
    _log()
    _jobs()


def _handlings_and_collections() -> None:
    op.create_table(
        "handling",
        sa.Column("key", INT, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("data_class", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id", "data_class", name="handling_content"),
        **STRICT,
    )
    op.create_table(
        "collection",
        sa.Column("number", INT, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("name"),
        **STRICT,
    )
    op.create_table(
        "clock",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", INT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
        **CLUSTERED,
    )


def _versions() -> None:
    op.create_table(
        "version",
        sa.Column("vid", INT, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("modified", INT, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("vid"),
        sa.UniqueConstraint("id", "modified", "sha256", name="version_content"),
        **STRICT,
    )
    op.create_table(
        "ref",
        sa.Column("vid", INT, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("vid", "path", "target"),
        sa.ForeignKeyConstraint(["vid"], ["version.vid"]),
        **CLUSTERED,
    )
    op.create_table(
        "term",
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("vid", INT, nullable=False),
        sa.PrimaryKeyConstraint("term", "vid"),
        **CLUSTERED,
    )


def _labels() -> None:
    op.create_table(
        "label",
        sa.Column("vid", INT, nullable=False, autoincrement=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("spec_version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("vid"),
        sa.ForeignKeyConstraint(["vid"], ["version.vid"]),
        **STRICT,
    )
    op.create_table(
        "cover",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("modified", INT, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("vid", INT, nullable=False),
        sa.PrimaryKeyConstraint("id", "modified", "sha256", "vid"),
        sa.ForeignKeyConstraint(["vid"], ["label.vid"]),
        **CLUSTERED,
    )


def _entries() -> None:
    op.create_table(
        "entry",
        sa.Column("collection", INT, nullable=False),
        sa.Column("date_added", INT, nullable=False),
        sa.Column("vid", INT, nullable=False),
        sa.Column("handling", INT, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("modified", INT, nullable=False),
        sa.Column("spec_version", sa.Text(), nullable=False),
        sa.Column("has_newer", INT, nullable=False),
        sa.Column("has_older", INT, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("expires_at", INT, nullable=True),
        sa.Column("review_at", INT, nullable=True),
        sa.PrimaryKeyConstraint("collection", "date_added"),
        sa.ForeignKeyConstraint(["collection"], ["collection.number"]),
        sa.ForeignKeyConstraint(["handling"], ["handling.key"]),
        **CLUSTERED,
    )
    op.create_index("entry_handling", "entry", ["collection", "handling", "date_added"])
    op.create_index("entry_version", "entry", ["collection", "id", "modified"], unique=True)
    op.create_table(
        "tally",
        sa.Column("collection", INT, nullable=False),
        sa.Column("handling", INT, nullable=False),
        sa.Column("n", INT, nullable=False),
        sa.PrimaryKeyConstraint("collection", "handling"),
        sa.ForeignKeyConstraint(["collection"], ["collection.number"]),
        sa.ForeignKeyConstraint(["handling"], ["handling.key"]),
        **CLUSTERED,
    )


def _conflicts() -> None:
    op.create_table(
        "conflict",
        sa.Column("collection", INT, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("modified", INT, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("vid", INT, nullable=False),
        sa.Column("handling", INT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", INT, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("expires_at", INT, nullable=True),
        sa.Column("review_at", INT, nullable=True),
        sa.PrimaryKeyConstraint("collection", "id", "modified", "sha256"),
        sa.ForeignKeyConstraint(["collection"], ["collection.number"]),
        sa.ForeignKeyConstraint(["handling"], ["handling.key"]),
        **CLUSTERED,
    )


def _members() -> None:
    op.create_table(
        "member",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("client_of", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("known", INT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **CLUSTERED,
    )
    op.create_table(
        "community",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", "name"),
        sa.ForeignKeyConstraint(["member"], ["member.id"]),
        **CLUSTERED,
    )
    op.create_table(
        "user",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("token_hash"),
        **CLUSTERED,
    )
    op.create_table(
        "agreement",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **CLUSTERED,
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        **CLUSTERED,
    )


def _log() -> None:
    op.create_table(
        "journal",
        sa.Column("log_index", INT, nullable=False, autoincrement=False),
        sa.Column("at", INT, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log_index"),
        **STRICT,
    )
    op.create_table(
        "tile",
        sa.Column("level", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position"),
        **STRICT,
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", INT, nullable=False, autoincrement=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
        **STRICT,
    )


def _jobs() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("fence", INT, nullable=False),
        sa.Column("expires_at", INT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
        **CLUSTERED,
    )
    op.create_table(
        "cursor",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        **CLUSTERED,
    )
    op.create_table(
        "status",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", INT, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **CLUSTERED,
    )
