"""A node's directory: settings, keys, and who may read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import ConflictError, SettingsError, StoreError, UsageError
from comity.model.member import MemberKind
from comity.node.acts.begin import begin
from comity.node.settings import Settings, read_settings, secret_file, write_settings
from comity.node.wiring import open_node

MEMBER = "3787d547-d54b-4f49-adad-a7597fa082f8"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    settings=st.builds(
        Settings, member_id=TEXTS, database=TEXTS, public_url=TEXTS, legal_basis=TEXTS
    )
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> None:
    folder = tmp_path_factory.getbasetemp()
    write_settings(folder, settings)
    assert read_settings(folder) == settings


def test_the_store_is_the_file_beside_unless_another_is_named(tmp_path: Path) -> None:
    plain = Settings(member_id=MEMBER)
    assert plain.database_url(tmp_path) == f"sqlite:///{tmp_path}/comity.sqlite3"
    other = Settings(member_id=MEMBER, database="sqlite:////elsewhere/store.db")
    assert other.database_url(tmp_path) == "sqlite:////elsewhere/store.db"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "no-node"),
        ("", "settings"),
        ("member_id = ", "settings"),
        ("member_id = 5", "settings"),
        (f'member_id = "{MEMBER}"\nunknown = 1', "settings"),
        ('database = "x"', "settings"),
        ("member_id = '\udcff'", "settings"),
    ],
)
def test_settings_that_cannot_be_read_say_where_and_what_to_do(
    tmp_path: Path, text: str | None, code: str
) -> None:
    path = tmp_path / "comity.toml"
    if text is not None:
        path.write_text(text, "utf-8", errors="surrogateescape")
    with pytest.raises(SettingsError) as found:
        read_settings(tmp_path)
    assert found.value.code == code
    assert found.value.where == str(path)
    assert found.value.advice


def test_a_secret_file_is_its_owners_alone_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        assert secret_file(path, "new\n") == path
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert path.read_text() == "new\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_node_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "node"
    begun = begin(directory, "Norland CERT", "no", MemberKind.STATE)
    assert mode(directory) == mode(directory / "keys") == 0o700
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {
        "comity.toml",
        "comity.sqlite3",
        "log.key",
        "label.key",
        "admin.secret",
    }
    assert {mode(path) for path in files} == {0o600}
    assert Path(begun.admin["secret_file"]).is_file()
    assert begun.member_id == read_settings(directory).member_id


def test_a_node_is_made_once(tmp_path: Path) -> None:
    begin(tmp_path / "node", "Norland CERT", "NO", MemberKind.STATE)
    kept = (tmp_path / "node" / "keys" / "log.key").read_text()
    with pytest.raises(ConflictError) as found:
        begin(tmp_path / "node", "Other", "NO", MemberKind.STATE)
    assert found.value.code == "node-exists"
    assert (tmp_path / "node" / "keys" / "log.key").read_text() == kept


def test_what_broke_off_can_be_begun_again(tmp_path: Path) -> None:
    """Settings are written last: a directory without them holds no node yet."""
    directory = tmp_path / "node"
    begin(directory, "Norland CERT", "NO", MemberKind.STATE)
    for path in directory.glob("comity.*"):
        path.unlink()
    with pytest.raises(SettingsError):
        open_node(directory)
    begin(directory, "Norland CERT", "NO", MemberKind.STATE)
    open_node(directory).close()


@pytest.mark.parametrize(
    ("name", "country"), [("", "NO"), ("  ", "NO"), ("X", "NOR"), ("X", "1A"), ("X", "é1")]
)
def test_a_member_has_a_name_and_a_country(tmp_path: Path, name: str, country: str) -> None:
    with pytest.raises(UsageError):
        begin(tmp_path / "node", name, country, MemberKind.STATE)
    assert not (tmp_path / "node").exists()


@pytest.mark.parametrize("broken", ["", "no key", "PRIVATE+KEY+x+00000000+AAAA"])
def test_a_key_that_cannot_be_read_is_never_made_anew(tmp_path: Path, broken: str) -> None:
    begin(tmp_path / "node", "Norland CERT", "NO", MemberKind.STATE)
    path = tmp_path / "node" / "keys" / "label.key"
    path.write_text(broken)
    with pytest.raises(SettingsError) as found:
        open_node(tmp_path / "node")
    assert (found.value.code, found.value.where) == ("no-key", str(path))
    assert "AAAA" not in found.value.message
    assert path.read_text() == broken


def test_a_node_without_its_store_says_so(tmp_path: Path) -> None:
    begin(tmp_path / "node", "Norland CERT", "NO", MemberKind.STATE)
    for path in (tmp_path / "node").glob("comity.sqlite3*"):
        path.unlink()
    with pytest.raises(StoreError) as found:
        open_node(tmp_path / "node")
    assert found.value.code == "no-store"
