"""What a route may ask for: the world, and a caller whose role allows it."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.errors import Unauthenticated
from app.security.tokens import ADMINISTER, APPROVE, AUDIT, OPERATE, READ, Role, caller_of
from workflows.caller import Caller
from workflows.errors import Forbidden
from workflows.world import World

_bearer = HTTPBearer(auto_error=False, description="Made by `exeunt token create --role …`")


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


WorldDep = Annotated[World, Depends(_world)]


class Allowed:
    """A dependency that lets these roles through. Usable as `Annotated[Caller, Depends(…)]`."""

    def __init__(self, roles: frozenset[Role]) -> None:
        self.roles = roles

    async def __call__(
        self,
        world: WorldDep,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        if given is None:
            raise Unauthenticated("no bearer token was sent")
        caller = await caller_of(world.store, world.clock, given.credentials)
        if caller is None:
            raise Unauthenticated("this token is unknown, revoked or past its time")
        if caller.role not in self.roles:
            allowed = ", ".join(sorted(self.roles))
            raise Forbidden(
                f"the role {caller.role} may not do this", f"Use a token with one of: {allowed}."
            )
        return caller


Reader = Annotated[Caller, Depends(Allowed(READ))]
Auditor = Annotated[Caller, Depends(Allowed(AUDIT))]
Operator = Annotated[Caller, Depends(Allowed(OPERATE))]
Admin = Annotated[Caller, Depends(Allowed(ADMINISTER))]
Approver = Annotated[Caller, Depends(Allowed(APPROVE))]
