"""Practice SCIM services of single vendors, each with what its own documents say of its dialect.

Where a vendor says nothing, its service does it by the book. The sources are the vendors' pages
that docs/scim-vendors.md names; nothing here is taken from the adapter.
"""

import base64
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.practice.scim import PracticeDirectory


class PracticeProfile(PracticeDirectory):
    """One vendor's service. `address` is where the vendor has it."""

    vendor: ClassVar[str] = ""
    address: ClassVar[str] = ""
    says: ClassVar[dict[str, object]] = {}
    """What its user has to say besides, because the vendor does not."""

    def __init_subclass__(cls) -> None:
        cls.root = urlsplit(cls.address).path

    def settings(self, base_url: str) -> dict[str, object]:
        """On loopback at that address, elsewhere at the vendor's own."""
        on_loopback = urlsplit(base_url).hostname in ("127.0.0.1", "localhost")
        return {
            "adapter": self.kind,
            "vendor": self.vendor,
            "base_url": base_url + self.root if on_loopback else self.address,
            "token": self.token,
            **self.says,
        }


class PracticeAtlassian(PracticeProfile):
    vendor = "atlassian"
    address = "https://api.atlassian.com/scim/directory/d-1"
    filters = frozenset({"userName", "externalId"})


class PracticeZoom(PracticeProfile):
    vendor = "zoom"
    address = "https://api.zoom.us/scim2"
    says = {"token_lifetime": "2h"}


class PracticeNotion(PracticeProfile):
    """What PATCH does there is not known, so nothing but DELETE is answered."""

    vendor = "notion"
    address = "https://api.notion.com/scim/v2"
    says = {"token_lifetime": "0"}
    patches = False
    puts = False


class PracticeFigma(PracticeProfile):
    vendor = "figma"
    address = "https://www.figma.com/scim/v2/1401"
    says = {"token_lifetime": "8h"}
    shapes = frozenset({"value"})
    filters = frozenset(
        {
            "userName",
            "externalId",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
        }
    )


class PracticeDatabricks(PracticeProfile):
    """A text instead of a boolean is answered with 500, as seen by its support."""

    vendor = "databricks"
    address = "https://accounts.cloud.databricks.com/api/2.0/accounts/a-1/scim/v2"
    says = {"token_lifetime": "1h"}
    puts = False

    def _set_active(self, user: dict[str, Any], value: bool | str) -> None:
        if not isinstance(value, bool):
            raise TypeError("java.lang.String cannot be cast to java.lang.Boolean")
        super()._set_active(user, value)


class PracticeDatadog(PracticeProfile):
    vendor = "datadog"
    address = "https://api.datadoghq.eu/api/v2/scim"
    says = {"token_lifetime": "1h"}
    filters = frozenset({"userName"})


class PracticeSnowflake(PracticeProfile):
    vendor = "snowflake"
    address = "https://acme-eu.snowflakecomputing.com/scim/v2"
    says = {"token_lifetime": "4h"}


class PracticePagerDuty(PracticeProfile):
    """`active: false` deletes, and the key is shown as `Token token=…`."""

    vendor = "pagerduty"
    address = "https://api.pagerduty.com/scim/v2"
    says = {"token_lifetime": "0"}
    inactive_deletes = True

    @property
    def app(self) -> ASGIApp:
        inner = super().app

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                headers = dict(scope["headers"])
                shown = headers.get(b"authorization", b"")
                key = shown[12:] if shown.startswith(b"Token token=") else b""
                headers[b"authorization"] = b"Bearer " + key
                scope = {**scope, "headers": list(headers.items())}
            await inner(scope, receive, send)

        return answer


class PracticeSalesforce(PracticeProfile):
    """DELETE makes inactive, as PATCH does."""

    vendor = "salesforce"
    address = "https://acme.my.salesforce.com/services/scim/v2"
    says = {"token_lifetime": "2h"}
    shapes = frozenset({"value"})

    async def _delete_user(self, request: Request) -> Response:
        user = self.users.get(request.path_params["id"])
        if user is not None:
            user["active"] = False
        return Response(status_code=404 if user is None else 204)


class PracticeIdentityCenter(PracticeProfile):
    """A page holds 50 at most. Groups are not asked for by members, so the account shows them."""

    vendor = "aws_identity_center"
    address = "https://scim.eu-west-1.amazonaws.com/t-1/scim/v2"
    says = {"token_lifetime": "12h"}
    largest_page = 50
    asks_members = False


class PracticeGitLab(PracticeProfile):
    vendor = "gitlab"
    address = "https://gitlab.com/api/scim/v2/groups/acme"
    says = {"token_lifetime": "2h", "deactivation_deletes": True}
    inactive_deletes = True


class PracticeTailscale(PracticeProfile):
    vendor = "tailscale"
    address = "https://tailnet.example/scim/v2"
    says = {"token_lifetime": "1h"}


class PracticeOnePassword(PracticeProfile):
    vendor = "1password"
    address = "https://bridge.acme.example/scim/v2"
    says = {"token_lifetime": "1h", "deactivation_deletes": False}


PROFILES: tuple[type[PracticeProfile], ...] = (
    PracticeAtlassian,
    PracticeDatabricks,
    PracticeDatadog,
    PracticeFigma,
    PracticeGitLab,
    PracticeIdentityCenter,
    PracticeNotion,
    PracticeOnePassword,
    PracticePagerDuty,
    PracticeSalesforce,
    PracticeSnowflake,
    PracticeTailscale,
    PracticeZoom,
)


class PracticeSignIn:
    """A token endpoint that knows one client, and hands out what the practice vendors take."""

    def __init__(self, grant: str, token: str, seconds: int = 3600) -> None:
        self.grant, self.token, self.seconds = grant, token, seconds
        self.asked: list[dict[str, list[str]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["POST"])])
        await app(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        client = base64.b64encode(b"client:secret").decode()
        said = parse_qs((await request.body()).decode())
        self.asked.append(said)
        if request.headers.get("authorization") != f"Basic {client}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if said.get("grant_type") != [self.grant]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        return JSONResponse({"access_token": self.token, "expires_in": self.seconds})
