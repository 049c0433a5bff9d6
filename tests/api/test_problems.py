from __future__ import annotations

import pytest
from litestar.exceptions import MethodNotAllowedException, NotFoundException, ValidationException

from comity import errors
from comity.api.credentials import UnauthenticatedError
from comity.api.media import NotAcceptableError, UnprocessableError, WrongMediaError
from comity.api.problems import problem_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnauthenticatedError("x"), 401),
        (errors.NotAllowedError("x"), 403),
        (errors.RefusedError("x"), 403),
        (errors.NotFoundError("x"), 404),
        (NotAcceptableError("x"), 406),
        (errors.ConflictError("x"), 409),
        (errors.LimitError("x"), 413),
        (WrongMediaError("x"), 415),
        (UnprocessableError("x"), 422),
        (errors.InputError("x"), 400),
        (errors.UsageError("x"), 400),
        (errors.PeerError("x"), 502),
        (errors.BusyError("x"), 503),
    ],
)
def test_every_error_has_its_status(error: errors.ComityError, status: int) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.detail, problem.code) == (status, "x", error.code)
    assert problem.advice
    assert "--help" not in problem.advice


@pytest.mark.parametrize(
    "error",
    [
        errors.StoreError("secret", where="a/path"),
        errors.SettingsError("secret"),
        errors.LogError("secret"),
        errors.RefusedError("secret", code="outside-grant"),
        RuntimeError("secret"),
    ],
)
def test_a_fault_of_ours_says_no_more_than_that(error: Exception) -> None:
    problem = problem_of(error)
    assert problem.status == 500
    assert problem.where is None
    assert "secret" not in f"{problem.detail}{problem.advice}"
    assert problem.code in (getattr(error, "code", "internal"), "internal")


def test_errors_of_the_framework_do_not_repeat_the_request() -> None:
    invalid = ValidationException(
        detail="Validation failed for GET /api/find?q=private",
        extra=[{"message": "Expected `int`", "key": "limit", "source": "query"}],
    )
    problem = problem_of(invalid)
    assert (problem.status, problem.code) == (400, "bad-request")
    assert (problem.detail, problem.where) == ("Expected `int`", "limit")
    assert problem_of(NotFoundException()).code == "no-such-page"
    assert problem_of(MethodNotAllowedException()).status == 405


def test_a_problem_is_an_error_message_of_taxii_too() -> None:
    error = errors.InputError("it is wrong", advice="Mend it.", where="limit", code="bad-filter")
    assert problem_of(error).as_taxii() == {
        "title": "Bad Request",
        "description": "it is wrong. Mend it.",
        "error_code": "bad-filter",
        "http_status": "400",
        "details": {"where": "limit"},
    }
