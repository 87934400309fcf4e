"""A practice organisation of GitHub: memberships, teams, tokens and repositories.

With the ugly parts: a 403 that is a rate limit, the last owner who cannot go, teams that an
identity provider holds, and a removal that takes private forks with it.
"""

import base64
import json
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.practice.github import answers
from adapters.practice.github.answers import done, error, page
from adapters.practice.github.memory import ORG, Member, Memory
from adapters.practice.github.repositories import repository_routes
from adapters.practice.github.teams import Routes, team_routes
from adapters.practice.github.tokens import token_routes

SCOPES = {"X-OAuth-Scopes": "admin:org"}


class PracticeGithub(Memory):
    def routes(self) -> Starlette:
        own: Routes = [
            ("/app/installations/{number:int}/access_tokens", {"POST": self._sign_in}),
            ("/orgs/{org}", {"GET": self._organisation}),
            ("/orgs/{org}/members", {"GET": self._list_members}),
            (
                "/orgs/{org}/memberships/{login}",
                {
                    "GET": self._read_membership,
                    "PUT": self._set_membership,
                    "DELETE": self._end_membership,
                },
            ),
            ("/orgs/{org}/outside_collaborators", {"GET": self._list_outside}),
            ("/orgs/{org}/outside_collaborators/{login}", {"DELETE": self._end_outside}),
            ("/orgs/{org}/invitations", {"GET": self._list_invitations}),
            ("/orgs/{org}/invitations/{number:int}", {"DELETE": self._end_invitation}),
            ("/users/{login}", {"GET": self._read_user}),
            ("/enterprises/{slug}/consumed-licenses", {"GET": self._licences}),
        ]
        routes = [*own, *team_routes(self), *token_routes(self), *repository_routes(self)]
        return Starlette(
            routes=[
                Route(path, endpoint, methods=[method])
                for path, endpoints in routes
                for method, endpoint in endpoints.items()
            ]
        )

    async def _answer(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """An App shows a statement of its own, not a token of ours."""
        if scope["path"].startswith("/app/installations/"):
            self.requests.append(f"{scope['method']} {scope['path']}")
            await inner(scope, receive, send)
        else:
            await super()._answer(inner, scope, receive, send)

    async def _sign_in(self, request: Request) -> Response:
        claims = self._claims(request.headers.get("authorization", "").removeprefix("Bearer "))
        now = self.clock.now().timestamp()
        if not claims or not claims["iat"] <= now < claims["exp"] <= now + 600:
            return error(401, "A JSON web token could not be decoded")
        granted = {
            "members": "write",
            "organization_personal_access_tokens": "write",
            "organization_personal_access_token_requests": "write",
        }
        ends = (self.clock.now() + timedelta(hours=1)).isoformat()
        said = {"token": self.token, "expires_at": ends, "permissions": granted}
        return JSONResponse(said, 201)

    def _claims(self, statement: str) -> dict[str, Any]:
        said, _, signature = statement.rpartition(".")
        if self.app_key is None or said.count(".") != 1:
            return {}
        try:
            self.app_key.verify(_raw(signature), said.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return {}
        claims: dict[str, Any] = json.loads(_raw(said.partition(".")[2]))
        return claims

    async def _organisation(self, request: Request) -> Response:
        if request.path_params["org"] != ORG:
            return error(404)
        return JSONResponse(answers.organisation_full(ORG), headers=SCOPES)

    async def _list_members(self, request: Request) -> Response:
        """Only active ones: who is invited stands elsewhere."""
        role = request.query_params.get("role", "all")
        found = [
            self.who(number)
            for number, one in self.members.items()
            if one.state == "active" and role in ("all", one.role)
        ]
        return page(request, found, self.largest_page)

    async def _read_membership(self, request: Request) -> Response:
        number = self.number_of(request.path_params["login"])
        if number is None or number not in self.members:
            return error(404)
        return self._shown(number)

    def _shown(self, number: int) -> Response:
        one = self.members[number]
        body = answers.membership(ORG, self.who(number), one.role, one.state, direct=one.direct)
        return JSONResponse(body)

    async def _set_membership(self, request: Request) -> Response:
        """A new one is pending until the person accepts it."""
        number = self.number_of(request.path_params["login"])
        if number is None:
            return error(422, "Validation Failed")
        role = (await request.json()).get("role", "member")
        if role != "admin" and [*self.owners()] == [number]:
            return error(403, "You can't demote the last owner")
        self.members.setdefault(number, Member(state="pending")).role = role
        return self._shown(number)

    async def _end_membership(self, request: Request) -> Response:
        number = self.number_of(request.path_params["login"])
        if number is None or number not in self.members:
            return error(404)
        if [*self.owners()] == [number]:
            return error(403, "You can't remove the last owner")
        if self.members[number].direct:
            self.leave(number)
        return done()

    async def _list_outside(self, request: Request) -> Response:
        return page(request, [self.who(one) for one in self.outside()], self.largest_page)

    async def _end_outside(self, request: Request) -> Response:
        number = self.number_of(request.path_params["login"])
        if number in self.members:
            return JSONResponse({"message": "You cannot specify an organization member"}, 422)
        for repo in self.repos.values():
            repo.collaborators.pop(number or 0, None)
        return done()

    async def _list_invitations(self, request: Request) -> Response:
        found = [answers.invitation(n, mail, None) for n, mail in self.invitations.items()]
        found += [
            answers.invitation(n, None, self.logins[n])
            for n, one in self.members.items()
            if one.state == "pending"
        ]
        return page(request, found, self.largest_page)

    async def _end_invitation(self, request: Request) -> Response:
        gone = self.invitations.pop(request.path_params["number"], None) is None
        return error(404) if gone else done()

    async def _read_user(self, request: Request) -> Response:
        number = self.number_of(request.path_params["login"])
        if number is None:
            return error(404)
        return JSONResponse(answers.public_user(number, self.logins[number]))

    async def _licences(self, request: Request) -> Response:
        found = [
            answers.licence(self.logins[n], self.mail[n])
            for n in (*self.members, *self.outside())
            if n in self.mail
        ]
        return page(request, found, self.largest_page, key="users")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
