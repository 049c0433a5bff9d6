"""Every error that leaves Comity, as one tree.

    ComityError
    |- UsageError        the call itself is wrong (exit 2)
    |- SettingsError     this node's directory or settings are not usable
    |- InputError        bytes from outside that we cannot read
    |  `- LimitError     ... because they pass a bound (size, depth, ratio)
    |- RefusedError      a rule says no
    |  `- NotAllowedError   ... to this reader: credential, role or access
    |- NotFoundError     nothing of that name that the reader may know of
    |- ConflictError     it exists already with other content
    |- StoreError        the store could not do it
    |  `- BusyError      ... because somebody else holds it; try again
    |- PeerError         another node did not answer, or not as agreed
    `- LogError          the log does not prove what it should

Each error says what happened (`message`), what to do (`advice`), where (`where`: a file, line,
field or object), and carries a machine `code`. The faces turn it into an exit code, a problem
document or a TAXII error body; no error of a third party leaves the room that called it.
"""

from __future__ import annotations

__all__ = [
    "BusyError",
    "ComityError",
    "ConflictError",
    "InputError",
    "LimitError",
    "LogError",
    "NotAllowedError",
    "NotFoundError",
    "PeerError",
    "RefusedError",
    "SettingsError",
    "StoreError",
    "UsageError",
]


class ComityError(Exception):
    """What happened, what to do, where, and a machine code (kebab-case, stable)."""

    code = "error"
    advice = ""

    def __init__(
        self, message: str, *, code: str = "", advice: str = "", where: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.advice = advice or type(self).advice
        self.where = where

    def as_dict(self) -> dict[str, str]:
        """`{"code", "message", "advice", "where"?}`, the shape that every face prints."""
        fields = {"code": self.code, "message": self.message, "advice": self.advice}
        if self.where is not None:
            fields["where"] = self.where
        return fields


class UsageError(ComityError):
    """The call itself is wrong."""

    code = "usage"
    advice = "See the command's --help."


class SettingsError(ComityError):
    """This node's directory or settings are not usable."""

    code = "settings"
    advice = "Run `comity doctor DIR`."


class InputError(ComityError):
    """Bytes from outside that we cannot read."""

    code = "bad-input"
    advice = "Mend the input at the place named and give it again."


class LimitError(InputError):
    """Bytes from outside that pass a bound of size, depth or compression ratio."""

    code = "over-limit"
    advice = "Split the input, or check where it came from."


class RefusedError(ComityError):
    """A rule says no."""

    code = "refused"
    advice = "Ask the originator, or see `comity explain`."


class NotAllowedError(RefusedError):
    """This credential, role or access does not cover the request."""

    code = "not-allowed"
    advice = "Ask this node's administrator for the role or the collection's access."


class NotFoundError(ComityError):
    """Nothing of that name that the reader may know of."""

    code = "not-found"
    advice = "Check the identifier."


class ConflictError(ComityError):
    """It exists already with other content."""

    code = "conflict"
    advice = "Compare both; the originator settles which one stands."


class StoreError(ComityError):
    """The store could not do it; nothing was half-written."""

    code = "store"
    advice = "Run `comity doctor DIR`."


class BusyError(StoreError):
    """Somebody else holds the store or a lease just now."""

    code = "busy"
    advice = "Try again in a moment."


class PeerError(ComityError):
    """Another node did not answer, or not as agreed."""

    code = "peer"
    advice = "Check the peer's address and token with `comity doctor DIR`."


class LogError(ComityError):
    """The log does not prove what it should."""

    code = "log"
    advice = "Keep both checkpoints and show them to the log's owner and its witnesses."
