"""Errors as answers: RFC 9457 problem details, or TAXII 2.1 error messages below `/taxii2`.

A fault of ours (500, 503) says that there is one and no more; what happened stands in our log.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from comity.api.credentials import CHALLENGE, UnauthenticatedError
from comity.api.media import (
    TAXII_MEDIA_TYPE,
    NotAcceptableError,
    UnprocessableError,
    WrongMediaError,
)
from comity.api.serving import serving
from comity.errors import (
    BusyError,
    ComityError,
    ConflictError,
    InputError,
    LimitError,
    NotAllowedError,
    NotFoundError,
    PeerError,
    RefusedError,
    UsageError,
)

__all__ = ["PROBLEM_MEDIA_TYPE", "ProblemDetails", "answer_error", "problem_of"]

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. `type` is left out, which means that `title` says what the status does."""

    title: str
    status: int
    detail: Annotated[str, msgspec.Meta(description="what happened")]
    code: Annotated[str, msgspec.Meta(description="for machines: stable, in kebab-case")]
    advice: Annotated[str, msgspec.Meta(description="what to do")] = ""
    where: Annotated[str | None, msgspec.Meta(description="the field or object concerned")] = None

    def as_taxii(self) -> dict[str, Any]:
        """The same as an error message of TAXII 2.1 (section 3.6.1)."""
        message: dict[str, Any] = {
            "title": self.title,
            "description": f"{self.detail}. {self.advice}".strip(),
            "error_code": self.code,
            "http_status": str(self.status),
        }
        return message if self.where is None else message | {"details": {"where": self.where}}


_STATUS: Final[tuple[tuple[type[ComityError], HTTPStatus], ...]] = (
    # The first that fits, so special cases stand before what they are cases of.
    (UnauthenticatedError, HTTPStatus.UNAUTHORIZED),
    (NotAllowedError, HTTPStatus.FORBIDDEN),
    (RefusedError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (LimitError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (UnprocessableError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InputError, HTTPStatus.BAD_REQUEST),
    (NotAcceptableError, HTTPStatus.NOT_ACCEPTABLE),
    (WrongMediaError, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (UsageError, HTTPStatus.BAD_REQUEST),
    (PeerError, HTTPStatus.BAD_GATEWAY),
    (BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
)

_OUR_FAULTS: Final = frozenset({"outside-grant"})
"""Refusals that no caller can cause: the store and the rules disagree."""


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to a request that raised."""
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        serving(request).records.fault("failed", error)
    if request.url.path.startswith("/taxii2"):
        body, media_type = msgspec.json.encode(problem.as_taxii()), TAXII_MEDIA_TYPE
    else:
        body, media_type = msgspec.json.encode(problem), PROBLEM_MEDIA_TYPE
    headers = _headers(problem.status, error)
    return Response(body, status_code=problem.status, media_type=media_type, headers=headers)


def _headers(status: int, error: Exception) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": CHALLENGE}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": "1"}
    if status == HTTPStatus.METHOD_NOT_ALLOWED and isinstance(error, HTTPException):
        return dict(error.headers or {})
    return {}


def problem_of(error: Exception) -> ProblemDetails:
    """What the caller is told of an error."""
    if isinstance(error, HTTPException):
        return _of_framework(error)
    if isinstance(error, ComityError) and error.code not in _OUR_FAULTS:
        for kind, status in _STATUS:
            if isinstance(error, kind):
                return _of_ours(error, status)
    code = error.code if isinstance(error, ComityError) else "internal"
    return ProblemDetails(
        title=HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        detail="the node could not do this",
        code=code,
        advice="Ask this node's administrator: its records say more.",
    )


def _of_ours(error: ComityError, status: HTTPStatus) -> ProblemDetails:
    # The general advice of this error speaks of the command line.
    advice = "See /api/openapi.json." if error.advice == UsageError.advice else error.advice
    return ProblemDetails(
        title=status.phrase,
        status=status,
        detail=error.message,
        code=error.code,
        advice=advice,
        where=error.where,
    )


_CODES: Final = {
    HTTPStatus.BAD_REQUEST: ("bad-request", "the request cannot be read"),
    HTTPStatus.NOT_FOUND: ("no-such-page", "there is nothing here"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "this cannot be done here"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("over-limit", "the body is too large"),
}


def _of_framework(error: HTTPException) -> ProblemDetails:
    """Errors that Litestar raises before a handler is called; its texts repeat the request's."""
    status = HTTPStatus(error.status_code)
    code, detail = _CODES.get(status, ("failed", status.phrase))
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    return ProblemDetails(
        title=status.phrase,
        status=status,
        detail=str(first.get("message", detail)),
        code=code,
        advice="See /api/openapi.json." if status is HTTPStatus.BAD_REQUEST else "",
        where=str(first["key"]) if "key" in first else None,
    )
