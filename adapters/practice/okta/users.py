"""The practice org's users and their lives: who may be suspended, and what deactivation takes."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.practice.okta.answers import (
    DONE,
    ROOT,
    Json,
    accepted,
    asked,
    denied,
    done,
    instant,
    invalid,
    not_found,
    page,
    wrong_status,
)
from adapters.practice.okta.memory import Memory

FILTERS = frozenset({"status", "id", "profile.login", "profile.email"})


class Users(Memory):
    def user_routes(self) -> list[Route]:
        user = f"{ROOT}/users/{{id}}"
        life = f"{user}/lifecycle"
        return [
            Route(f"{ROOT}/users", self._list_users),
            Route(user, self._read_user, methods=["GET"]),
            Route(user, self._update_user, methods=["POST"]),
            Route(user, self._delete_user, methods=["DELETE"]),
            Route(f"{life}/suspend", self._suspend, methods=["POST"]),
            Route(f"{life}/unsuspend", self._unsuspend, methods=["POST"]),
            Route(f"{life}/deactivate", self._deactivate, methods=["POST"]),
            Route(f"{life}/reset_factors", self._reset_factors, methods=["POST"]),
            Route(f"{user}/sessions", self._end_sessions, methods=["DELETE"]),
        ]

    def found(self, request: Request) -> Json | None:
        """By id, login, or the part of a login before the @, if only one has it."""
        name = request.path_params["id"]
        if name == "me":
            return self.users.get(self.owner)
        if name in self.users:
            return self.users[name]
        logins = {user["profile"]["login"]: user for user in self.users.values()}
        short = [user for login, user in logins.items() if login.partition("@")[0] == name]
        return logins.get(name) or (short[0] if len(short) == 1 else None)

    @property
    def owner(self) -> str:
        """Whose API token is used. Made when somebody asks for it."""
        address = "exeunt-owner@acme.example"
        for user in self.users.values():
            if user["profile"]["login"] == address:
                return str(user["id"])
        identifier = self.hire(address)
        self.add_role(identifier, "SUPER_ADMIN")
        return identifier

    async def _list_users(self, request: Request) -> Response:
        query = request.query_params
        users = list(self.users.values())
        if "search" in query:
            clause = asked(query["search"])
            if clause is None:
                return invalid("search")
            users = [user for user in users if self._indexed(user) and _fits(user, *clause)]
        elif "filter" in query:
            clause = asked(query["filter"])
            if clause is None or clause[0] not in FILTERS:
                return invalid("filter")
            users = [user for user in users if _value(user, clause[0]) == clause[1]]
        else:
            users = [user for user in users if user["status"] != "DEPROVISIONED"]
        return page(request, users, self.largest_page)

    def _indexed(self, user: Json) -> bool:
        since = datetime.fromisoformat(user["lastUpdated"])
        return self.clock.now() - since >= self.index_lag

    async def _read_user(self, request: Request) -> Response:
        user = self.found(request)
        return JSONResponse(user) if user else not_found()

    async def _update_user(self, request: Request) -> Response:
        user, said = self.found(request), await request.json()
        if user is None:
            return not_found()
        password = said.get("credentials", {}).get("password", {}).get("value")
        if not password or set(said) != {"credentials"}:
            return invalid("only a password is practised here")
        if user["credentials"]["provider"]["type"] != "OKTA":
            return invalid("password")
        if user["status"] == "DEPROVISIONED":
            return wrong_status()
        self.passwords[user["id"]] = password
        user["passwordChanged"] = instant(self.clock.now())
        if self.password_activates and user["status"] in {
            "PASSWORD_EXPIRED",
            "RECOVERY",
            "LOCKED_OUT",
        }:
            self.set_status(user["id"], "ACTIVE")
        return JSONResponse(user)

    async def _suspend(self, request: Request) -> Response:
        user = self.found(request)
        if user is None:
            return not_found()
        if user["status"] != "ACTIVE":
            return invalid("Cannot suspend a user that is not active")
        self.set_status(user["id"], "SUSPENDED")
        self.signed_in.discard(user["id"])
        return accepted()

    async def _unsuspend(self, request: Request) -> Response:
        user = self.found(request)
        if user is None:
            return not_found()
        if user["status"] != "SUSPENDED":
            return invalid("Cannot unsuspend a user that is not suspended")
        self.set_status(user["id"], "ACTIVE")
        return accepted()

    async def _deactivate(self, request: Request) -> Response:
        user = self.found(request)
        if user is None:
            return not_found()
        if user["status"] == "DEPROVISIONED":
            return denied()
        if self.slow_deactivation:
            user["transitioningToStatus"] = "DEPROVISIONED"
        else:
            self.deactivate(user["id"])
        return accepted()

    def deactivate(self, user: str) -> None:
        """Every application is taken away, and with it what was there; API tokens end."""
        self.set_status(user, "DEPROVISIONED")
        self.users[user].pop("transitioningToStatus", None)
        self.signed_in.discard(user)
        self.clients.pop(user, None)
        self.consents.pop(user, None)
        for assigned in self.app_users.values():
            assigned.pop(user, None)
        for members in self.members.values():
            members.discard(user)
        self.api_tokens = {t: one for t, one in self.api_tokens.items() if one["userId"] != user}
        self.settle()

    async def _delete_user(self, request: Request) -> Response:
        """The first call only deactivates who is not deactivated."""
        user = self.found(request)
        if user is None:
            return not_found()
        if user["status"] == "DEPROVISIONED":
            self.remove(user["id"])
        else:
            self.deactivate(user["id"])
        return Response(status_code=DONE)

    async def _reset_factors(self, request: Request) -> Response:
        user = self.found(request)
        if user is None:
            return not_found()
        if user["status"] == "DEPROVISIONED" or (
            user["status"] == "SUSPENDED" and not self.resets_suspended
        ):
            return wrong_status()
        self.factors[user["id"]] = []
        return accepted()

    async def _end_sessions(self, request: Request) -> Response:
        user = self.found(request)
        if user is None:
            return not_found()
        self.signed_in.discard(user["id"])
        if request.query_params.get("oauthTokens") == "true":
            self.tokens_ended.add(user["id"])
        return done()


def _fits(user: Json, key: str, value: str) -> bool:
    """`search` knows no case in values."""
    return (_value(user, key) or "").lower() == value.lower()


def _value(user: Json, key: str) -> str | None:
    place = user["profile"] if key.startswith("profile.") else user
    found = place.get(key.removeprefix("profile."))
    return str(found) if found else None
