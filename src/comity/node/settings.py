"""A node's directory: settings that a person may read and edit, and keys that only it may read.

    comity.toml        member id, database, public address
    keys/log.key       signs checkpoints
    keys/label.key     signs labels
    comity.sqlite3     the store, unless the settings name another database

The directory is for its owner alone (mode 700, files 600).
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from comity.errors import SettingsError

__all__ = ["Settings", "read_settings", "secret_file", "write_settings"]

_FILE: Final = "comity.toml"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `comity.toml` says. `database` is a URL or empty for the SQLite file beside it."""

    member_id: str
    database: str = ""
    public_url: str = ""
    legal_basis: str = "national law"

    def database_url(self, directory: Path) -> str:
        """The store's URL."""
        return self.database or f"sqlite:///{directory / 'comity.sqlite3'}"


def read_settings(directory: Path) -> Settings:
    """Read a node's settings; raises SettingsError where there is no node or they are broken."""
    path = directory / _FILE
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), type=Settings)
    except FileNotFoundError:
        raise SettingsError(
            f"there is no node in {directory}",
            code="no-node",
            advice="Make one with `comity init DIR --name NAME --country XX --kind KIND`.",
            where=str(path),
        ) from None
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"the settings cannot be read: {why}", where=str(path)) from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as why:
        raise SettingsError(
            f"the settings are broken: {why}",
            advice="Mend the line named; the file is TOML.",
            where=str(path),
        ) from None


def write_settings(directory: Path, settings: Settings) -> None:
    """Write the settings whole or not at all."""
    lines = [f"{name} = {_text(value)}" for name, value in msgspec.to_builtins(settings).items()]
    secret_file(directory / _FILE, "\n".join(lines) + "\n")


def _text(value: str) -> str:
    """A TOML basic string: JSON's, but that characters stand as they are, and DEL does not."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def secret_file(path: Path, text: str) -> Path:
    """Write a file that only its owner may read (mode 600), whole or not at all."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return path
