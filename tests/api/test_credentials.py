from __future__ import annotations

import base64
from typing import Any

import pytest
from litestar.routes import HTTPRoute
from tests.api.conftest import Place
from tests.simulator import bearer

from comity.api.credentials import CHALLENGE, Access, UnauthenticatedError, sign_in
from comity.model.member import Role


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_a_token_or_a_password_signs_in(place: Place) -> None:
    secret = place.users[Role.READER]
    node = place.north.node
    for header in (
        f"Bearer {secret.token}",
        f"bearer  {secret.token} ",
        basic(secret.user, secret.password),
    ):
        assert sign_in(node, header).name == secret.user


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic",
        "Basic ***",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        basic("admin", "wrong"),
        basic("nobody", ""),
        basic("", ""),
        "Digest username=admin",
        "Negotiate x",
    ],
)
def test_anything_else_does_not(place: Place, header: str | None) -> None:
    with pytest.raises(UnauthenticatedError):
        sign_in(place.north.node, header)


@pytest.mark.parametrize("path", ["/api/whoami", "/taxii2/", "/taxii2/api/collections/"])
@pytest.mark.parametrize("headers", [{}, bearer("wrong"), {"Authorization": "Basic x"}])
def test_nobody_gets_401_with_both_schemes(
    place: Place, path: str, headers: dict[str, str]
) -> None:
    answer = place.north.client.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == CHALLENGE
    assert "Basic " in CHALLENGE
    assert "Bearer " in CHALLENGE


def test_one_users_password_is_not_anothers(place: Place) -> None:
    reader, admin = place.users[Role.READER], place.users[Role.ADMIN]
    with pytest.raises(UnauthenticatedError):
        sign_in(place.north.node, basic(admin.user, reader.password))


# ---------------------------------------------------------------------------------- who may what

PUBLIC = ("GET /log/checkpoint", "GET /log/tile/{path:path}", "GET /healthz", "GET /metrics",
          "GET /api/member", "GET /api/openapi.json", "GET /api/log/checkpoint")  # fmt: skip
EVERYBODY = frozenset(Role)
ADMIN = frozenset({Role.ADMIN})
# (roles of this member's users, whether other members' users may)
JSON_API = {
    "GET /api/whoami": (EVERYBODY, True),
    "GET /api/members": (EVERYBODY, False),
    "POST /api/members": (ADMIN, False),
    "GET /api/agreements": (EVERYBODY, False),
    "POST /api/agreements": (ADMIN, False),
    "GET /api/collections": (EVERYBODY, True),
    "POST /api/collections": (ADMIN, False),
    "GET /api/users": (ADMIN, False),
    "POST /api/users": (ADMIN, False),
    "POST /api/share": (frozenset({Role.ANALYST, Role.RELEASER, Role.ADMIN}), False),
    "POST /api/sync": (frozenset({Role.RELEASER, Role.ADMIN}), False),
    "GET /api/explain": (EVERYBODY, True),
    "GET /api/find": (EVERYBODY, True),
    "GET /api/objects/{object_id:str}": (EVERYBODY, True),
    "GET /api/log/proof": (EVERYBODY, True),
    "GET /api/doctor": (ADMIN, False),
}


def declared(place: Place) -> dict[str, Any]:
    """`METHOD path` of each handler, and the access that it declares."""
    found = {}
    for route in place.north.app.routes:
        assert isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items():
            if method != "OPTIONS":
                found[f"{method} {route.path}"] = handler.opt.get("access")
    return found


def test_every_route_says_who_may_use_it(place: Place) -> None:
    routes = declared(place)
    silent = {route for route, access in routes.items() if not isinstance(access, Access)}
    # The framework's own pages: shut, so that they answer as if there were none.
    assert all(route.startswith("GET /schema") for route in silent), silent
    public = {route for route, access in routes.items() if access and not access.signed_in}
    assert public == set(PUBLIC)
    taxii = {route for route in routes if "/taxii2" in route}
    assert len(taxii) == 11
    assert set(routes) == public | taxii | set(JSON_API) | silent


@pytest.mark.parametrize("route", sorted(JSON_API))
def test_the_json_api_is_open_to_these_roles_and_no_others(place: Place, route: str) -> None:
    roles, others = JSON_API[route]
    method, _, path = route.partition(" ")
    body = {"unknown": True} if method == "POST" else None
    asked: dict[str, tuple[str, bool]] = {
        role.value: (secret.token, role in roles) for role, secret in place.users.items()
    }
    asked |= {"program": (place.program.token, others), "person": (place.person.token, others)}
    for who, (token, allowed) in asked.items():
        answer = place.north.client.request(method, path, headers=bearer(token), json=body)
        refused = answer.status_code == 403
        assert refused is not allowed, (who, answer.text)


def test_shut_pages_are_no_pages(place: Place) -> None:
    client = place.north.client
    shut = client.get("/schema", headers=place.north.admin)
    absent = client.get("/nothing-here", headers=place.north.admin)
    assert (shut.status_code, shut.content) == (404, absent.content)
    assert client.get("/schema/openapi.json").status_code == 404


def test_no_page_is_signed_in_for_by_its_query(place: Place) -> None:
    token = place.users[Role.ADMIN].token
    assert place.north.client.get(f"/api/whoami?access_token={token}").status_code == 401
