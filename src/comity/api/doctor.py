"""`/api/doctor`: what is wrong with the node, for its administrators."""

from __future__ import annotations

from typing import Final

from litestar import get

from comity.api.credentials import home
from comity.api.openapi import refusals
from comity.api.serving import Call, serving
from comity.model.member import Role
from comity.node.acts.doctor import Diagnosis, examine

__all__ = ["HANDLERS"]


@get("/doctor", access=home(Role.ADMIN), responses=refusals(401, 403), sync_to_thread=True)
def doctor(request: Call) -> Diagnosis:
    """What is wrong with this node and what to do about it."""
    return examine(serving(request).node)


HANDLERS: Final = (doctor,)
