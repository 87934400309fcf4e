"""Teams of the practice organisation."""

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.practice.github import answers
from adapters.practice.github.answers import done, error, page
from adapters.practice.github.memory import Member, Memory

Routes = list[tuple[str, dict[str, Callable[[Request], Coroutine[Any, Any, Response]]]]]


def team_routes(org: Memory) -> Routes:
    async def listed(request: Request) -> Response:
        found = [answers.team(one.id, one.slug, one.kind) for one in org.teams.values()]
        return page(request, found, org.largest_page)

    async def read(request: Request) -> Response:
        team, number = _which(org, request)
        if team is None or number is None or number not in team.members:
            return done(404)
        return _shown(org, request)

    async def join(request: Request) -> Response:
        """Somebody who is no member is invited by this, and is in the team once they accept."""
        team, number = _which(org, request)
        if team is None or number is None:
            return error(422, "Validation Failed")
        if team.synced:
            return error(403, "Team synchronization is enabled")
        org.members.setdefault(number, Member(state="pending"))
        team.members[number] = (await request.json()).get("role", "member")
        return _shown(org, request)

    async def leave(request: Request) -> Response:
        team, number = _which(org, request)
        if team is not None and team.synced:
            return done(403)
        if team is not None and number is not None:
            team.members.pop(number, None)
        return done()

    place = "/orgs/{org}/teams/{slug}/memberships/{login}"
    return [
        ("/orgs/{org}/teams", {"GET": listed}),
        (place, {"GET": read, "PUT": join, "DELETE": leave}),
    ]


def _which(org: Memory, request: Request) -> tuple[Any, int | None]:
    given = request.path_params
    return org.teams.get(given["slug"]), org.number_of(given["login"])


def _shown(org: Memory, request: Request) -> Response:
    team, number = _which(org, request)
    state = org.members[number].state if number in org.members else "pending"
    login, role = request.path_params["login"], team.members[number]
    return JSONResponse(answers.team_membership(team.slug, login, role, state))
