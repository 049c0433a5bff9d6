"""What the OpenAPI document says beyond the handlers: title, credentials, problem details."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme

import comity
from comity.api.credentials import PUBLIC
from comity.api.problems import PROBLEM_MEDIA_TYPE, ProblemDetails
from comity.api.serving import Call

__all__ = ["EITHER_CREDENTIAL", "config", "document", "gives", "refusals"]

EITHER_CREDENTIAL: Final[list[dict[str, list[str]]]] = [{"token": []}, {"password": []}]


def config() -> OpenAPIConfig:
    """Litestar's settings for the document. Its own pages stay shut: they load scripts."""
    return OpenAPIConfig(
        title="Comity",
        version=comity.__version__,
        description="Share security information on terms that are enforced, and prove it.",
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        render_plugins=[JsonRenderPlugin()],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "token": SecurityScheme(type="http", scheme="bearer"),
                "password": SecurityScheme(type="http", scheme="basic"),
            }
        ),
    )


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The answers of an operation that are problem details."""
    return {
        status: ResponseSpec(
            data_container=ProblemDetails,
            description=HTTPStatus(status).phrase,
            media_type=PROBLEM_MEDIA_TYPE,
            generate_examples=False,
        )
        for status in statuses
    }


def gives(shape: type[msgspec.Struct]) -> dict[int, ResponseSpec]:
    """The shape of a 200 whose bytes were released, not made by the handler."""
    return {200: ResponseSpec(shape, description="what was found", generate_examples=False)}


@get("/openapi.json", access=PUBLIC, include_in_schema=False, sync_to_thread=True)
def document(request: Call) -> Response[Any]:
    """This API as OpenAPI 3.1."""
    schema = request.app.openapi_schema.to_schema()
    return Response(schema, media_type="application/json")
