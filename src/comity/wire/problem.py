"""What a reader says about one part of its input that is not as it should be."""

from __future__ import annotations

import msgspec

from comity.errors import ComityError

__all__ = ["Problem", "problem_of"]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`{code, message, where, object?}`: one line of a command's `problems`.

    A problem is a value and no error, since the rest of the input is read on. `object` is the
    STIX id it is about, where one could be read.
    """

    code: str
    message: str
    where: str
    object: str | None = None


def problem_of(error: ComityError, *, where: str = "", subject: str | None = None) -> Problem:
    """An error as a problem; `where` serves if the error names no place of its own."""
    return Problem(
        code=error.code, message=error.message, where=error.where or where, object=subject
    )
