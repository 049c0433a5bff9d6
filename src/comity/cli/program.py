"""The command `comity` as a whole: its verbs, its exit codes, how errors are told.

Verbs import the node only when they run, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typing_extensions import override

import comity
from comity.cli import (
    agreement,
    collection,
    demo,
    doctor,
    explain,
    find,
    init,
    log,
    member,
    peer,
    serve,
    share,
    show,
    sync,
    user,
)
from comity.cli.output import complain, remark, write
from comity.cli.progress import INTERRUPTED
from comity.errors import ComityError, UsageError

__all__ = ["DONE", "FAILED", "WRONG_USAGE", "app"]

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2


class _Program(TyperGroup):
    """The verbs, with our own way of ending: no traceback, one JSON document where asked for."""

    @override
    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        words = sys.argv[1:] if args is None else list(args)

        def call() -> int | None:
            # Not standalone: errors come to us, and an exit code is what comes back.
            code: int | None = super(_Program, self).main(
                words, prog_name or "comity", complete_var, False, windows_expand_args, **extra
            )
            sys.stdout.flush()
            return code

        code = _ended(call, as_json="--json" in words)
        if standalone_mode:
            sys.exit(code)
        return code


def _ended(call: Callable[[], int | None], as_json: bool) -> int:
    """Run a command; its exit code, once everything that went wrong is told."""
    try:
        return call() or DONE
    except typer.TyperException as why:
        _complain_of_usage(why, as_json)
        return why.exit_code
    except ComityError as why:
        complain(why, as_json)
        return WRONG_USAGE if isinstance(why, UsageError) else FAILED
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has enough; without this Python would complain at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as why:  # noqa: BLE001  # The last resort, so that nobody meets a traceback.
        if os.environ.get("COMITY_DEBUG") == "1":
            traceback.print_exc()
        complain(_internal(why), as_json)
        return FAILED


def _internal(why: Exception) -> ComityError:
    return ComityError(
        f"Comity met a fault of its own ({type(why).__name__})",
        code="internal",
        advice="Set COMITY_DEBUG=1 and try again to see where, then report it.",
    )


def _complain_of_usage(why: typer.TyperException, as_json: bool) -> None:
    context = getattr(why, "ctx", None)
    command = "comity" if context is None else context.command_path
    if as_json:
        advice = f"See `{command} --help`."
        complain(UsageError(why.format_message().rstrip("."), advice=advice), as_json=True)
    elif why.format_message().startswith("Usage:"):
        write(why.format_message())  # A command was asked for nothing: this is its help.
    else:
        remark(f"Error: {why.format_message()}")
        remark(f"  what to do: See `{command} --help`.")


app = typer.Typer(
    cls=_Program,
    no_args_is_help=True,
    # Help is plain text: rich would cost half of the time that it may take.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(asked: bool) -> None:
    if asked:
        write(f"comity {comity.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[  # Its callback has acted on it.
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    """Share security information on terms that are enforced, and prove afterwards what was done.

    DIR is a node's directory; make one with `comity init`. Exit codes: 0 done, 1 refused or
    failed, 2 wrong usage.
    """


for _verb in (
    init.verb,
    serve.verb,
    user.verb,
    peer.verb,
    member.verb,
    agreement.verb,
    collection.verb,
    share.verb,
    sync.verb,
    explain.verb,
    find.verb,
    show.verb,
    log.verb,
    doctor.verb,
    demo.verb,
):
    app.add_typer(_verb)
