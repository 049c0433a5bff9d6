"""The calls that must be refused before anything runs.

Each file under `typing/` holds calls. A line that ends in `# expect: code` (several with commas)
must be refused by mypy with exactly these codes; every other line must pass.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).resolve().parent.parent
CASES = sorted((ROOT / "tests" / "typing").glob("*.py"))

_EXPECT = re.compile(r"#\s*expect:\s*([\w-]+(?:\s*,\s*[\w-]+)*)\s*$")
_ERROR = re.compile(r"(?P<file>[^:\n]+):(?P<line>\d+): error: (?P<text>.*?)  \[(?P<code>[\w-]+)\]$")

Codes = dict[int, list[str]]


def expected(path: Path) -> Codes:
    """Line number -> codes that the file asks for."""
    codes: Codes = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        found = _EXPECT.search(line)
        if found is not None:
            codes[number] = sorted(code.strip() for code in found[1].split(","))
    return codes


@pytest.fixture(scope="module")
def refused() -> dict[str, Codes]:
    """File name -> line number -> codes that mypy gives, in one run over all the files."""
    out, err, status = api.run(
        [
            f"--config-file={ROOT / 'pyproject.toml'}",
            f"--cache-dir={ROOT / '.mypy_cache' / 'typing'}",
            "--show-error-codes",
            "--no-color-output",
            "--no-error-summary",
            "--no-pretty",
            *(str(path) for path in CASES),
        ]
    )
    assert status in (0, 1), f"mypy did not run: {err or out}"
    found: dict[str, Codes] = defaultdict(lambda: defaultdict(list))
    for line in out.splitlines():
        if ": error: " in line:
            parts = _ERROR.match(line)
            assert parts is not None, f"a line of mypy that nobody expects: {line}"
            found[Path(parts["file"]).name][int(parts["line"])].append(parts["code"])
    return found


def test_there_are_cases() -> None:
    assert CASES


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_mypy_refuses_exactly_these_lines(path: Path, refused: dict[str, Codes]) -> None:
    wanted = expected(path)
    assert wanted, f"{path.name} expects nothing to be refused"
    given = {line: sorted(codes) for line, codes in refused.get(path.name, {}).items()}
    assert given == wanted
