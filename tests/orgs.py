"""Practice orgs of Okta for tests: one adapter on one, each exchange held to Okta's description."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml

from adapters.clock import Clock
from adapters.nouns import Account
from adapters.practice.okta import PracticeOkta
from adapters.systems.okta import Okta
from tests.specs import FOLDER, Checked, Spec

BASE = "https://acme.okta.example"
AFTER = {
    "after": "next links are opaque and are followed as they come (Okta, pagination)",
}


def okta(org: PracticeOkta, transport: httpx.AsyncBaseTransport | None = None, **told: Any) -> Okta:
    settings = Okta.Settings(**(org.settings(BASE) | told))
    wire = transport or httpx.ASGITransport(org.app)
    return Okta.connect("okta", settings, org.clock, wire)


def account(org: PracticeOkta, user: str) -> Account:
    return Account("okta", user, str(org.users[user]["profile"]["login"]))


def checked(org: PracticeOkta) -> Checked:
    return Checked(spec("okta.yaml"), httpx.ASGITransport(org.app), AFTER)


def spec(name: str) -> Spec:
    Spec.load(name)  # skips or fails where the description is not there
    return _closed(name)


@cache
def _closed(name: str) -> Spec:
    """Okta builds most answers with `allOf`, whose parts cannot be closed one by one."""
    path = Path(os.environ.get("EXEUNT_API_SPECS", FOLDER)) / name
    document = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    # Its text says that this is an application user; its schema says only "an object of objects".
    app = document.get("components", {}).get("schemas", {}).get("Application", {})
    if app:
        user = {"$ref": "#/components/schemas/AppUser"}
        app["properties"]["_embedded"]["properties"]["user"] = user
    return Spec(_joined(document, document), closed=True)


def _joined(node: Any, document: dict[str, Any]) -> Any:
    """Each `allOf` of objects as one object, and what a discriminator decides as `anyOf`."""
    if isinstance(node, list):
        return [_joined(one, document) for one in node]
    if not isinstance(node, dict):
        return node
    if "discriminator" in node and "oneOf" in node:
        node = {**{k: v for k, v in node.items() if k != "oneOf"}, "anyOf": node["oneOf"]}
    if "allOf" in node and (one := _one_object(node, document)):
        node = one
    return {key: _joined(value, document) for key, value in node.items()}


def _one_object(node: dict[str, Any], document: dict[str, Any]) -> dict[str, Any] | None:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for part in node["allOf"]:
        whole = _resolved(part, document)
        if "allOf" in whole:
            whole = _one_object(whole, document) or whole
        if whole.get("type", "object") != "object":
            return None
        properties |= whole.get("properties", {})
        required += whole.get("required", [])
    return (
        {"type": "object", "properties": properties, "required": required} if properties else None
    )


def _resolved(part: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


class Rich:
    """An org with a leaver who has everything, and the adapter on it."""

    def __init__(self, clock: Clock, **told: Any) -> None:
        self.org = org = PracticeOkta(clock)
        self.user = user = org.hire("mara@acme.example", employee_number="1207")
        self.account = account(org, user)
        self.boss = org.hire("boss@acme.example", employee_number="7")
        org.add_role(self.boss, "SUPER_ADMIN")
        self.imported = org.add_group("Domain Users", "APP_GROUP")
        self.sales = org.add_group("Sales")
        self.crew = org.add_group("Crew")
        for group in (self.imported, self.sales, self.crew):
            org.members[group].add(user)
        self.crm = org.add_app("CRM", "PUSH_NEW_USERS", "PUSH_USER_DEACTIVATION")
        org.assign_group(self.crm, self.sales)
        self.mail = org.add_app("Mail", "PUSH_USER_DEACTIVATION")
        org.assign(self.mail, user, {"mailbox": "large"})
        self.board = org.add_app("Board")
        org.assign(self.board, user, {"seat": "full", "colour": "red"})
        org.assign_group(org.add_app("Forum"), self.crew)
        org.add_role(user, "SUPER_ADMIN")
        custom = {"role": "cr0Payroll", "resource-set": "iamEverything"}
        org.add_role(user, "CUSTOM", **custom)
        org.add_role(user, "REPORT_ADMIN", by="GROUP")
        target = {"id": self.crew, "type": "OKTA_GROUP", "profile": {"name": "Crew"}}
        org.add_role(user, "USER_ADMIN", _embedded={"targets": {"groups": [target]}})
        org.add_factor(user, "token:software:totp")
        org.add_factor(user, "webauthn", "FIDO")
        org.consent(user, "Calendar", "okta.users.read.self")
        self.api_token = org.add_api_token(user, "nightly job")
        self.others_token = org.add_api_token(self.boss, "of the boss")
        org.add_device(user, "Laptop of 1207")
        self.transport = checked(org)
        self.okta = okta(org, self.transport, **told)


class Answering(httpx.AsyncBaseTransport):
    """The org, but for paths that end so: they answer what the test says."""

    def __init__(
        self, org: PracticeOkta, end: str, status: int, code: str | None, method: str = ""
    ) -> None:
        self._inner = httpx.ASGITransport(org.app)
        self._end, self._method = end, method
        self._answer = (status, {"errorCode": code} if code else None)
        self.before: Callable[[], None] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fits = request.url.path.endswith(self._end) and self._method in request.method
        if not fits:
            return await self._inner.handle_async_request(request)
        if self.before:
            self.before()
        status, body = self._answer
        return httpx.Response(status, json=body) if body else httpx.Response(status)
