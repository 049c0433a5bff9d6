from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.conftest import Place
from tests.api.test_credentials import JSON_API


@pytest.fixture(scope="module")
def document(place: Place) -> dict[str, Any]:
    answer = place.north.client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d", document["openapi"])
    assert document["info"]["title"]
    assert document["info"]["version"]


def test_every_route_of_the_api_stands_in_it(document: dict[str, Any]) -> None:
    public = {"GET /api/member", "GET /api/log/checkpoint"}
    private = {route.replace(":str", "") for route in JSON_API}
    assert dict(operations(document)).keys() == public | private


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]


def test_operations_are_described_in_full(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for route, operation in operations(document):
        assert operation["description"], route
        declared = {part.strip("{}") for part in re.findall(r"{\w+}", route)}
        given = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert declared == given
        assert [status for status in operation["responses"] if status.startswith("2")]
        if route.startswith("POST"):
            assert operation["requestBody"]["required"] is True


def test_credentials_are_asked_for_where_they_are_needed(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert {one["scheme"] for one in schemes.values()} == {"bearer", "basic"}
    for route, operation in operations(document):
        needed = route.replace("{object_id}", "{object_id:str}") in JSON_API
        assert bool(operation.get("security")) is needed, route
        for requirement in operation.get("security", ()):
            assert set(requirement) <= set(schemes)


def test_every_error_is_problem_details(document: dict[str, Any]) -> None:
    for route, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status >= "4":
                assert list(answer["content"]) == ["application/problem+json"], (route, status)
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema["$ref"].endswith("ProblemDetails")


def test_answers_and_bodies_have_shapes(document: dict[str, Any]) -> None:
    for route, operation in operations(document):
        for answer in operation["responses"].values():
            ((media_type, content),) = answer["content"].items()
            text = media_type == "text/plain"
            assert (content["schema"] == {"type": "string"}) if text else content["schema"], route
        if "requestBody" in operation:
            assert "$ref" in operation["requestBody"]["content"]["application/json"]["schema"]
