"""Bringing an older store to the newest schema, step by step, in the caller's transaction.

Alembic takes long to import, so this module is imported only when there is a step to take.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from comity.errors import StoreError

__all__ = ["newest", "upgrade"]


def upgrade(conn: Connection, stored: str, *, where: str) -> None:
    """Take every step that lies after the stored one.

    Raises StoreError (`newer-store`) where the stored step is none that we know: a later version
    of Comity has been here.
    """
    config = _config()
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if stored != "base" and stored not in known:
        raise StoreError(
            f"the store was last opened by a later version of Comity (schema {stored[:40]})",
            code="newer-store",
            advice="Install that version, or go back to a copy from before it.",
            where=where,
        )
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def newest() -> str:
    """The step that stands last in `migrations/versions`."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _config() -> Config:
    """Alembic's settings without a file of them."""
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config
