"""A practice org of Okta, with the ugly parts that its documents name.

Only ACTIVE users can be suspended, the first DELETE of a user only deactivates, searches lag
behind, `me` is the owner of the token, a lacking feature is a 401, lists go on in a Link header,
and what an application deactivates does not come back.
"""

import base64
import json
from typing import ClassVar
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.clock import Clock
from adapters.practice.okta.answers import Json
from adapters.practice.okta.things import Things

SIGN_IN = "/oauth2/v1/token"
HOUR = 3600


class PracticeOkta(Things):
    kind: ClassVar[str] = "okta"

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.public_key: RSAPublicKey | None = None
        """Of the one service app that there is, `practice-app`."""
        self.scopes: frozenset[str] = frozenset()
        """What it was granted."""
        self.left: tuple[int, int] | None = None
        """How many calls of how many are left until the next full minute; None tells nothing."""

    def settings(self, base_url: str) -> dict[str, object]:
        """Here no access token outlives the cut; in a real org one lives up to a day."""
        return {
            "adapter": self.kind,
            "base_url": base_url,
            "token": self.token,
            "token_lifetime": "1s",
        }

    def routes(self) -> Starlette:
        return Starlette(routes=[*self.user_routes(), *self.thing_routes()])

    @property
    def app(self) -> ASGIApp:
        """As every vendor, but for API tokens, the sign-in, and what each answer says of limits."""
        inner = super().app
        door = Starlette(routes=[Route(SIGN_IN, self._sign_in, methods=["POST"])])

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope.get("path") == SIGN_IN:
                await door(scope, receive, send)
                return
            bearer = f"Bearer {self.token}".encode()
            headers = [
                (name, bearer if value == f"SSWS {self.token}".encode() else value)
                for name, value in scope.get("headers", [])
            ]
            await inner({**scope, "headers": headers}, receive, self._telling(send))

        return answer

    def _telling(self, send: Send) -> Send:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and self.left:
                left, limit = self.left
                now = int(self.clock.now().timestamp())
                reset = now - now % 60 + 60
                message["headers"] = [
                    *message["headers"],
                    (b"x-rate-limit-limit", str(limit).encode()),
                    (b"x-rate-limit-remaining", str(left).encode()),
                    (b"x-rate-limit-reset", str(reset).encode()),
                ]
            await send(message)

        return told

    async def _sign_in(self, request: Request) -> Response:
        """Only by a signed assertion, and all scopes that are asked for or none."""
        self.requests.append(f"POST {SIGN_IN}")
        form = {key: one[0] for key, one in parse_qs((await request.body()).decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type")
        claims = self._claims(form.get("client_assertion", ""))
        now = self.clock.now().timestamp()
        if claims is None or not now < claims["exp"] <= now + HOUR:
            return _refused("invalid_client", 401)
        if claims["aud"] != str(request.url) or claims["iss"] != claims["sub"]:
            return _refused("invalid_client", 401)
        scope = form.get("scope", "")
        if not set(scope.split()) <= self.scopes:
            return _refused("invalid_scope")
        answer = {"token_type": "Bearer", "expires_in": HOUR, "scope": scope}
        return JSONResponse(answer | {"access_token": self.token})

    def _claims(self, assertion: str) -> Json | None:
        signed, _, proof = assertion.rpartition(".")
        if self.public_key is None:
            return None
        try:
            self.public_key.verify(_raw(proof), signed.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return None
        claims: Json = json.loads(_raw(signed.partition(".")[2]))
        return claims if claims["sub"] == "practice-app" else None


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _refused(code: str, status: int = 400) -> Response:
    return JSONResponse({"error": code, "error_description": "practice"}, status)
