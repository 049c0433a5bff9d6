"""The rules of the house that no linter knows: floors, sizes, clocks, what may be committed."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import comity

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "comity"
MOST_LINES_IN_A_FILE = 600
MOST_LINES_IN_A_FUNCTION = 60

WITHOUT_A_CLOCK = ("model", "handling", "wire", "share", "account")
CLOCKS = (
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "os.getrandom",
    "os.urandom",
    "random",
    "secrets",
    "time.clock_gettime",
    "time.gmtime",
    "time.localtime",
    "time.monotonic",
    "time.perf_counter",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
)

# Written in pieces, so that this file does not hold what it looks for.
REGISTRIES = "|".join(
    re.escape(".".join(host))
    for host in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("proxy", "golang"),
    )
)
MACHINE_PATHS = r"(?<![\w.-])/(?:" + "|".join(("home", "Users", "root", "work")) + r")/"
LOCK_FILES = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


OURS = python_files("src", "tests", "tools", "bench")
SOURCE = python_files("src")


def modules() -> Iterator[ModuleType]:
    """Every module of the package, imported."""
    yield comity
    for found in pkgutil.walk_packages(comity.__path__, "comity."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def test_the_floors_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("room", ["errors", "model"])
def test_the_lowest_floors_stand_on_the_standard_library(room: str) -> None:
    allowed = sys.stdlib_module_names | {"comity", "msgspec"}
    for path in SOURCE:
        if path.relative_to(PACKAGE).parts[0].removesuffix(".py") == room:
            foreign = {name.partition(".")[0] for name in imported_names(path).values()} - allowed
            assert not foreign, f"{name_of(path)} imports {sorted(foreign)}"


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_files_and_functions_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES_IN_A_FILE, f"{name_of(path)} is too long: split it"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MOST_LINES_IN_A_FUNCTION, f"{name_of(path)}: {node.name} is too long"


@pytest.mark.parametrize("path", python_files("src", "tools", "bench"), ids=name_of)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), name_of(path)


def test_all_is_true() -> None:
    for module in modules():
        listed = getattr(module, "__all__", None)
        if listed is not None:
            missing = [name for name in listed if not hasattr(module, name)]
            assert not missing, f"{module.__name__}.__all__ names {missing}, which are not there"
            assert len(set(listed)) == len(listed), f"{module.__name__}.__all__ repeats itself"


def test_the_package_shows_only_what_all_names() -> None:
    rooms = {found.name for found in pkgutil.iter_modules(comity.__path__)}
    dunders = {name for name in vars(comity) if name.startswith("__")}
    shown = set(vars(comity)) - rooms - dunders
    assert shown == set(comity.__all__) - {"__version__"}


# ------------------------------------------------------------------------ time and randomness


def imported_names(path: Path) -> dict[str, str]:
    """Local name -> dotted name of what it stands for, for every import of a file."""
    names: dict[str, str] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                names[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """The full name that an expression such as `dt.datetime.now` stands for, or ''."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = dotted(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    return ""


def clocks_read(path: Path) -> list[str]:
    """`line: name` of every use of a clock or a source of randomness in a file."""
    names = imported_names(path)
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name | ast.Attribute):
            full = dotted(node, names)
            if any(full == clock or full.startswith(f"{clock}.") for clock in CLOCKS):
                found.append(f"{node.lineno}: {full}")
    return found


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("import time\ntime.time()", True),
        ("from time import time as t\nt()", True),
        ("import datetime as dt\ndt.datetime.now(dt.UTC)", True),
        ("from datetime import datetime\nf(default=datetime.now)", True),
        ("from os import urandom", False),
        ("import os\nos.urandom(8)", True),
        ("import secrets\nsecrets.token_bytes(8)", True),
        ("from datetime import datetime\ndatetime.fromordinal(1)", False),
        ("def step(now, random):\n    return random(16), now", False),
        ("from comity.model import time\ntime.parse_time('')", False),
    ],
)
def test_the_search_for_clocks_finds_them(line: str, read: bool, tmp_path: Path) -> None:
    (tmp_path / "case.py").write_text(line)
    assert bool(clocks_read(tmp_path / "case.py")) is read


def test_time_and_randomness_are_arguments() -> None:
    for path in SOURCE:
        if path.relative_to(PACKAGE).parts[0] in WITHOUT_A_CLOCK:
            assert not clocks_read(path), f"{name_of(path)}: pass `now` or `random` in"


# ------------------------------------------------------------------------- what is committed


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    """Every file that git keeps here."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git here, or this is no clone")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_nothing_committed_names_a_registry_or_a_machine(committed: list[Path]) -> None:
    wanted = re.compile(f"{REGISTRIES}|{MACHINE_PATHS}")
    for path in committed:
        text = path.read_bytes().decode("utf-8", errors="replace")
        assert wanted.findall(text) == [], name_of(path)


def test_pins_are_exact_and_hashed(committed: list[Path]) -> None:
    assert not [path for path in committed if path.name in LOCK_FILES]
    for name in ("requirements.txt", "requirements-test.txt"):
        text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            if line and not line.startswith("#"):
                assert re.match(r"[\w.-]+==[\w.]+ ", line), f"{name}: {line[:60]}"
                assert "--hash=sha256:" in line, f"{name}: {line[:60]}"


def test_the_tests_run_on_the_pinned_core() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text("utf-8"), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-test.txt")


# --------------------------------------------------------------------------------- the papers


PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_links_in_the_papers_lead_somewhere(paper: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", paper.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (paper.parent / target).exists(), f"{name_of(paper)} links to {target}"


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for paper in (ROOT / "docs" / "adr").glob("*.md"):
        number, title = paper.stem[:4], paper.read_text(encoding="utf-8").partition("\n")[0]
        assert title.startswith(f"# {number}: "), f"{name_of(paper)} begins with {title!r}"
        assert f"[{number}](adr/{paper.name})" in index, f"docs/index.md lacks {paper.name}"
