"""What Alembic runs to take steps: on the connection it was given, in its transaction."""

from __future__ import annotations

from alembic import context

from comity.holdings._engines.schema import metadata


def take_steps() -> None:
    """Take the steps that the caller asked for."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


take_steps()
