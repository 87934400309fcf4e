"""Credentials of the practice organisation: authorised ones (SAML) and fine-grained tokens."""

from starlette.requests import Request
from starlette.responses import Response

from adapters.practice.github import answers
from adapters.practice.github.answers import done, error, page
from adapters.practice.github.memory import Memory
from adapters.practice.github.teams import Routes


def token_routes(org: Memory) -> Routes:
    async def authorized(request: Request) -> Response:
        login = request.query_params.get("login", "")
        found = [
            answers.authorization(number, org.logins[whose], kind)
            for number, (whose, kind) in org.authorized.items()
            if not login or org.logins[whose].lower() == login.lower()
        ]
        return page(request, found, org.largest_page)

    async def deauthorize(request: Request) -> Response:
        gone = org.authorized.pop(request.path_params["number"], None) is None
        return error(404) if gone else done()

    async def granted(request: Request) -> Response:
        return _listed(org, request, org.fine_grained, asked=False)

    async def asked(request: Request) -> Response:
        return _listed(org, request, org.asked, asked=True)

    async def revoke(request: Request) -> Response:
        return await _ended(request, org.fine_grained, "revoke")

    async def deny(request: Request) -> Response:
        return await _ended(request, org.asked, "deny")

    tokens = "/orgs/{org}/personal-access-tokens"
    requests = "/orgs/{org}/personal-access-token-requests"
    return [
        ("/orgs/{org}/credential-authorizations", {"GET": authorized}),
        ("/orgs/{org}/credential-authorizations/{number:int}", {"DELETE": deauthorize}),
        (tokens, {"GET": granted}),
        (f"{tokens}/{{number:int}}", {"POST": revoke}),
        (requests, {"GET": asked}),
        (f"{requests}/{{number:int}}", {"POST": deny}),
    ]


def _listed(org: Memory, request: Request, of: dict[int, int], *, asked: bool) -> Response:
    """The filter by owner is taken as a hint: whoever asks has to look at the owner."""
    found = [
        answers.fine_grained(number, org.who(whose), asked=asked) for number, whose in of.items()
    ]
    return page(request, found, org.largest_page)


async def _ended(request: Request, of: dict[int, int], how: str) -> Response:
    if (await request.json())["action"] != how:
        return error(422, "Validation Failed")
    gone = of.pop(request.path_params["number"], None) is None
    return error(404) if gone else done()
