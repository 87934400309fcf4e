"""Repositories of the practice organisation, and what in them is somebody's."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.practice.github import answers
from adapters.practice.github.answers import done, error, page
from adapters.practice.github.memory import Memory, Repo
from adapters.practice.github.teams import Routes

PERMISSIONS = {"pull": "read", "push": "write"}


def repository_routes(org: Memory) -> Routes:
    def repo(request: Request) -> Repo:
        return org.repos[request.path_params["repo"]]

    async def listed(request: Request) -> Response:
        found = [answers.repository(one.id, one.full_name) for one in org.repos.values()]
        return page(request, found, org.largest_page)

    async def keys(request: Request) -> Response:
        return page(request, repo(request).keys, org.largest_page)

    async def delete_key(request: Request) -> Response:
        here = repo(request)
        here.keys = [one for one in here.keys if one["id"] != request.path_params["number"]]
        return done()

    async def invitations(request: Request) -> Response:
        here = repo(request)
        shown = answers.repository(here.id, here.full_name)
        found = [
            answers.repository_invitation(number, shown, org.who(whom))
            for number, whom in here.invited.items()
        ]
        return page(request, found, org.largest_page)

    async def uninvite(request: Request) -> Response:
        repo(request).invited.pop(request.path_params["number"], None)
        return done()

    return [
        ("/orgs/{org}/repos", {"GET": listed}),
        ("/repos/{owner}/{repo}/keys", {"GET": keys}),
        ("/repos/{owner}/{repo}/keys/{number:int}", {"DELETE": delete_key}),
        ("/repos/{owner}/{repo}/invitations", {"GET": invitations}),
        ("/repos/{owner}/{repo}/invitations/{number:int}", {"DELETE": uninvite}),
        *_collaborator_routes(org),
    ]


def _collaborator_routes(org: Memory) -> Routes:
    async def collaborators(request: Request) -> Response:
        here = org.repos[request.path_params["repo"]]
        found = [
            {
                **org.who(number),
                "role_name": role,
                "permissions": {"pull": True, "push": role != "read", "admin": role == "admin"},
            }
            for number, role in here.collaborators.items()
            if number not in org.members
        ]
        return page(request, found, org.largest_page)

    async def add(request: Request) -> Response:
        """GitHub would send an invitation; here whoever is asked says yes at once."""
        number = org.number_of(request.path_params["login"])
        if number is None:
            return error(422, "Validation Failed")
        role = (await request.json()).get("permission", "push")
        here = org.repos[request.path_params["repo"]]
        here.collaborators[number] = PERMISSIONS.get(role, role)
        shown = answers.repository(here.id, here.full_name)
        return JSONResponse(
            answers.repository_invitation(org.next(), shown, org.who(number)), status_code=201
        )

    async def remove(request: Request) -> Response:
        number = org.number_of(request.path_params["login"])
        org.repos[request.path_params["repo"]].collaborators.pop(number or 0, None)
        return done()

    return [
        ("/repos/{owner}/{repo}/collaborators", {"GET": collaborators}),
        ("/repos/{owner}/{repo}/collaborators/{login}", {"PUT": add, "DELETE": remove}),
    ]
