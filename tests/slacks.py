"""A practice Slack for tests: its Web API held to Slack's description, its SCIM to the RFCs."""

import copy
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from scim2_models import Context, EnterpriseUser, Error, Group, ListResponse, PatchOp, User

from adapters.nouns import Account, Person
from adapters.practice.slack import PracticeSlack
from adapters.systems.slack import Slack
from tests.specs import FOLDER, Spec

BASE = "https://slack.example"
# Slack's description of 2021 says less than Slack does, or says it in Swagger's old ways:
# - `token` stands in a query or a header of its own. Slack takes "Authorization: Bearer" for every
#   method (docs.slack.dev, "Web API basics"); in a query a secret would lie in logs.
# - bodies are named `formData`, beside `consumes: application/json`: as JSON they have those names.
# - `x-items-anyOf` is a choice of shapes that Swagger 2.0 could not say.
# - errors stand under `default`; Slack answers them with 200 as well, and `ok: false`.
# - `items: {}` without a type is nothing that JSON Schema checks.

SESSIONS = {
    "parameters": [
        {"name": "limit", "in": "formData", "type": "integer"},
        {"name": "cursor", "in": "formData", "type": "string"},
    ],
    "responses": {
        "200": {
            "schema": {
                "type": "object",
                "required": ["ok", "active_sessions"],
                "properties": {
                    "ok": {"enum": [True]},
                    "active_sessions": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["user_id", "team_id", "session_id"],
                            "properties": {"session_id": {"type": "integer"}},
                        },
                    },
                },
            }
        },
        "default": {"schema": {"type": "object", "properties": {"ok": {"enum": [False]}}}},
    },
}
"""admin.users.session.list is younger than the description (docs.slack.dev, its reference page)."""


@cache
def described() -> Spec:
    name = "slack-web-2021.json"
    Spec.load(name)  # says so if it is not here
    path = Path(os.environ.get("EXEUNT_API_SPECS", FOLDER)) / name
    document = _choices(json.loads(path.read_text("utf-8")))
    document["paths"]["/admin.users.session.list"] = {"post": copy.deepcopy(SESSIONS)}
    for operations in document["paths"].values():
        for operation in operations.values():
            _as_json_body(operation)
    return Spec(document)


def _choices(node: Any) -> Any:
    if isinstance(node, list):
        return [_choices(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _choices(value) for key, value in node.items()}
    if "x-items-anyOf" in made:
        made["anyOf"] = made.pop("x-items-anyOf")
        made.pop("items", None)
    return made


def _as_json_body(operation: dict[str, Any]) -> None:
    told = copy.deepcopy([p for p in operation.get("parameters", []) if p["name"] != "token"])
    form = [one for one in told if one["in"] == "formData"]
    rest = [one for one in told if one["in"] != "formData"]
    if form:
        schema = {
            "type": "object",
            "properties": {one["name"]: {"type": one["type"]} for one in form},
            "required": [one["name"] for one in form if one.get("required")],
            "additionalProperties": False,
        }
        rest.append({"name": "body", "in": "body", "required": True, "schema": schema})
    operation["parameters"] = rest


class CheckedSlack(httpx.AsyncBaseTransport):
    """Holds every exchange to what is known of it. `seen` are the operations."""

    def __init__(self, vendor: PracticeSlack) -> None:
        self._inner = httpx.ASGITransport(vendor.app)
        self.seen: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        await response.aread()
        if request.url.path.startswith("/scim/"):
            self.seen.add(check_scim(request, response))
        else:
            failed = b'"ok":false' in response.content
            told = httpx.Response(500, content=response.content) if failed else response
            self.seen.add(described().check(request, told))
        return response


def check_scim(request: httpx.Request, response: httpx.Response) -> str:
    """By the models of scim2-models. Raises its ValidationError on what SCIM does not know."""
    _, _, _, resource, *rest = request.url.path.split("/")
    kind: Any = {"Users": User[EnterpriseUser], "Groups": Group}[resource]
    if request.method == "PATCH":
        patch = PatchOp[kind]
        patch.model_validate_json(request.content, scim_ctx=Context.RESOURCE_PATCH_REQUEST)
    if not response.content:
        assert response.status_code == httpx.codes.NO_CONTENT
    elif response.is_error:
        assert Error.model_validate_json(response.content).status == response.status_code
    elif rest:
        kind.model_validate_json(response.content, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    else:
        body = ListResponse[kind].model_validate_json(response.content)
        assert body.items_per_page == len(body.resources or [])
    return f"{request.method} /{resource}" + ("/{id}" if rest else "")


def slack(vendor: PracticeSlack, transport: httpx.AsyncBaseTransport, **told: Any) -> Slack:
    settings = Slack.Settings(**(vendor.settings(BASE) | told))
    return Slack.connect("chat", settings, vendor.clock, transport)


async def found(adapter: Slack, address: str) -> Account:
    [hit] = await adapter.find_accounts(Person(addresses=(address,)))
    return hit.account
