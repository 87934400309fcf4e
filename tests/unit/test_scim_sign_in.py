"""Tokens that live for an hour: asked for in time, once more after a 401, and never shown."""

from typing import Any

import httpx
import pytest

from adapters.errors import AdapterError, CredentialDenied, TryAgain, Unrecognised
from adapters.practice.scim_vendors import (
    PracticeDatabricks,
    PracticeProfile,
    PracticeSalesforce,
    PracticeSignIn,
    PracticeZoom,
)
from adapters.systems.scim import Scim
from tests.conftest import StillClock

SIGN_INS = {
    PracticeDatabricks: (
        "https://accounts.cloud.databricks.com/oidc/accounts/a-1/v1/token",
        {"grant_type": ["client_credentials"], "scope": ["all-apis"]},
    ),
    PracticeSalesforce: (
        "https://acme.my.salesforce.com/services/oauth2/token",
        {"grant_type": ["client_credentials"]},
    ),
    PracticeZoom: (
        "https://zoom.us/oauth/token",
        {"grant_type": ["account_credentials"], "account_id": ["acc-1"]},
    ),
}


class Both(httpx.AsyncBaseTransport):
    """The vendor's SCIM, and its token endpoint beside it."""

    def __init__(self, vendor: PracticeProfile, sign_in: PracticeSignIn) -> None:
        self._scim = httpx.ASGITransport(vendor.app)
        self._tokens = httpx.ASGITransport(sign_in)
        self.tokens_at: list[str] = []
        self.instead: httpx.Response | Exception | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/token"):
            return await self._scim.handle_async_request(request)
        self.tokens_at.append(str(request.url))
        if isinstance(self.instead, Exception):
            raise self.instead
        return self.instead or await self._tokens.handle_async_request(request)


class Door:
    def __init__(self, kind: type[PracticeProfile], clock: StillClock, **told: Any) -> None:
        self.vendor = kind(clock)
        self.sign_in = PracticeSignIn(SIGN_INS[kind][1]["grant_type"][0], self.vendor.token)
        self.wire = Both(self.vendor, self.sign_in)
        client = {"token": None, "client_id": "client", "client_secret": "secret"}
        settings = self.vendor.settings("https://v.example") | client | {"account_id": "acc-1"}
        self.scim = Scim.connect("s", Scim.Settings(**settings | told), clock, self.wire)


@pytest.mark.parametrize("kind", SIGN_INS, ids=lambda kind: kind.vendor)
async def test_the_vendor_is_asked_where_and_how_it_wants_to_be(
    kind: type[PracticeProfile], clock: StillClock
) -> None:
    door = Door(kind, clock)
    await door.scim.check()
    assert door.wire.tokens_at == [SIGN_INS[kind][0]]
    assert door.sign_in.asked == [SIGN_INS[kind][1]]


async def test_one_token_serves_until_shortly_before_its_end(clock: StillClock) -> None:
    door = Door(PracticeZoom, clock)
    for minutes in (0, 58, 1, 1):
        clock.advance(minutes=minutes)
        await door.scim.check()
    assert len(door.sign_in.asked) == 2


async def test_a_token_that_was_withdrawn_is_renewed_once(clock: StillClock) -> None:
    door = Door(PracticeZoom, clock)
    await door.scim.check()
    door.vendor.token = door.sign_in.token = "another"
    await door.scim.check()
    assert len(door.sign_in.asked) == 2
    door.vendor.token = "and another"
    with pytest.raises(CredentialDenied):
        await door.scim.check()
    assert len(door.sign_in.asked) == 3


async def test_a_client_that_is_refused_is_a_credential_to_mend(clock: StillClock) -> None:
    door = Door(PracticeZoom, clock, client_secret="s3cr3t")
    with pytest.raises(CredentialDenied, match="401") as why:
        await door.scim.check()
    assert "systems.s" in why.value.fix
    assert "marketplace.zoom.us" in why.value.fix
    assert "s3cr3t" not in repr(why.value) + repr(vars(door.scim))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503), TryAgain),
        (httpx.ConnectError("down"), TryAgain),
        (httpx.Response(200, content=b"<html>"), Unrecognised),
        (httpx.Response(200, json={}), Unrecognised),
    ],
    ids=["outage", "dead line", "no JSON", "no token"],
)
async def test_a_sign_in_that_fails_otherwise_is_one_of_our_errors(
    clock: StillClock, answer: httpx.Response | Exception, error: type[AdapterError]
) -> None:
    door = Door(PracticeZoom, clock)
    door.wire.instead = answer
    with pytest.raises(error):
        await door.scim.check()


async def test_a_token_endpoint_of_ones_own_can_be_named(clock: StillClock) -> None:
    door = Door(PracticeZoom, clock, token_url="https://proxy.example/token")
    await door.scim.check()
    assert door.wire.tokens_at == ["https://proxy.example/token"]
