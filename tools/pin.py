"""Write the hash-pinned requirements files from pyproject.toml.

    python tools/pin.py                      after a change in pyproject.toml: keeps what is pinned
    python tools/pin.py --upgrade            moves everything to the newest that pyproject allows
    python tools/pin.py --constraint FILE    holds the versions that FILE names

Needs `uv` on the path. Only names, versions, markers and hashes are written: the settings of this
machine (indexes, folders of wheels) are shut out on the way in and cannot stand in the result.
Every file of a pinned version has its hash there, so the result serves any platform. The Makefile
installs wheels alone: nothing is compiled on the way.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {
    "requirements.txt": ["--group", "build"],
    "requirements-test.txt": ["--group", "build", "--extra", "test", "--extra", "check"],
}
FIXED = [
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--only-binary=:all:",
    "--no-config",
    "--no-annotate",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--quiet",
]
HEADER = "# Made by tools/pin.py from pyproject.toml. To renew: see CONTRIBUTING.md.\n"


def main() -> int:
    """Pin both files; the core first, so that the tests run on the same versions."""
    options = _options()
    uv = shutil.which("uv")
    if uv is None:
        print("tools/pin.py needs uv on the path: see CONTRIBUTING.md.", file=sys.stderr)
        return 2
    held: list[str] = [f"--constraint={file}" for file in options.constraint]
    for name, parts in TARGETS.items():
        command = [uv, "pip", "compile", "pyproject.toml", *FIXED, *parts, *held]
        command += ["--upgrade"] if options.upgrade else []
        _write(name, command)
        held.append(f"--constraint={name}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--upgrade", action="store_true", help="move to the newest allowed")
    parser.add_argument("--constraint", action="append", default=[], metavar="FILE")
    return parser.parse_args()


def _write(name: str, command: list[str]) -> None:
    """Run uv on a copy, so that a failure leaves the old file, and put the result in place."""
    target = ROOT / name
    draft = target.with_suffix(".draft")
    if target.exists():
        shutil.copyfile(target, draft)
    try:
        subprocess.run(
            [*command, f"--output-file={draft}"], cwd=ROOT, env=_environment(), check=True
        )
        target.write_text(HEADER + draft.read_text())
    finally:
        draft.unlink(missing_ok=True)
    print(f"{name}: {target.read_text().count('==')} distributions")


def _environment() -> dict[str, str]:
    """This environment without the settings of package installers."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_")) and name != "VIRTUAL_ENV"
    }


if __name__ == "__main__":
    sys.exit(main())
