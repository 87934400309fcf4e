"""Vendors' own API descriptions, held against what we send and what practice vendors answer.

OpenAPI 3.0 and Swagger 2.0. The files are the vendors' and are not part of the project: they are
read from the folder named by EXEUNT_API_SPECS.
"""

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parents[2] / "shared" / "specs"
METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
HERE = "urn:spec"


class Spec:
    """One API description. `closed` also refuses properties in answers that it does not name."""

    def __init__(self, document: dict[str, Any], *, closed: bool = False) -> None:
        self._document = _as_json_schema(document, closed=closed)
        resource = Resource.from_contents(self._document, default_specification=DRAFT202012)
        self._registry: Any = Registry().with_resource(HERE, resource)
        self._bases = _base_paths(document)
        # Where several templates fit, the one with the fewest placeholders is meant.
        self._templates = sorted(document["paths"], key=lambda path: path.count("{"))

    @classmethod
    def load(cls, name: str, *, closed: bool = False) -> "Spec":
        """By file name. Skips the test if it is not there; on a build server that is a failure."""
        path = Path(os.environ.get("EXEUNT_API_SPECS", FOLDER)) / name
        if not path.is_file():
            why = f"{name} is not here: name its folder in EXEUNT_API_SPECS"
            if os.environ.get("CI") == "true":
                pytest.fail(why)
            pytest.skip(why)
        return _loaded(path, closed)

    def check(
        self,
        request: httpx.Request,
        response: httpx.Response,
        also_queries: Mapping[str, str] | None = None,
    ) -> str:
        """The operation that it was, as `GET /users/{id}`. Raises AssertionError that says why.

        `also_queries` are query parameters that the description does not name, each with a reason.
        """
        template, operation = self._operation(request)
        name = f"{request.method} {template}"
        self._check_query(name, template, operation, request, set(also_queries or ()))
        self._check_body(name, operation, request)
        self._check_answer(name, operation, response)
        return name

    def name_of(self, request: httpx.Request) -> str:
        """The operation, as `GET /users/{id}`."""
        return f"{request.method} {self._operation(request)[0]}"

    def _operation(self, request: httpx.Request) -> tuple[str, dict[str, Any]]:
        for base in self._bases:
            if not request.url.path.startswith(base):
                continue
            rest = request.url.path.removeprefix(base)
            for template in self._templates:
                operations = self._document["paths"][template]
                if _pattern(template).fullmatch(rest) and request.method.lower() in operations:
                    return template, operations[request.method.lower()]
        raise AssertionError(f"{request.method} {request.url.path} is not described")

    def _parameters(self, template: str, operation: dict[str, Any]) -> list[dict[str, Any]]:
        shared = self._document["paths"][template].get("parameters", [])
        return [self._resolved(one) for one in [*shared, *operation.get("parameters", [])]]

    def _check_query(
        self,
        name: str,
        template: str,
        operation: dict[str, Any],
        request: httpx.Request,
        also: set[str],
    ) -> None:
        described = [p for p in self._parameters(template, operation) if p["in"] == "query"]
        unknown = set(request.url.params) - {p["name"] for p in described} - also
        assert not unknown, f"{name}: no such query parameter: {sorted(unknown)}"
        required = {p["name"] for p in described if p.get("required")}
        lacking = required - set(request.url.params)
        assert not lacking, f"{name}: query parameters are missing: {sorted(lacking)}"

    def _check_body(self, name: str, operation: dict[str, Any], request: httpx.Request) -> None:
        schema, required = self._request_schema(operation)
        if not request.content:
            assert not required, f"{name}: the body is missing"
            return
        assert schema is not None, f"{name}: takes no JSON body"
        self._validate(f"{name}: body sent", schema, json.loads(request.content))

    def _check_answer(self, name: str, operation: dict[str, Any], response: httpx.Response) -> None:
        status, answers = str(response.status_code), operation["responses"]
        key = next((k for k in (status, f"{status[0]}XX", "default") if k in answers), None)
        assert key is not None, f"{name}: {status} is not a described answer"
        schema = _content(self._resolved(answers[key]))
        if schema is None:
            assert not response.content, f"{name}: {status} has no body"
            return
        assert response.content, f"{name}: {status} has a body"
        self._validate(f"{name}: {status}", schema, json.loads(response.content))

    def _request_schema(self, operation: dict[str, Any]) -> tuple[Any, bool]:
        if "requestBody" in operation:
            body = self._resolved(operation["requestBody"])
            return _content(body), bool(body.get("required"))
        for parameter in map(self._resolved, operation.get("parameters", [])):
            if parameter["in"] == "body":
                return parameter["schema"], bool(parameter.get("required"))
        return None, False

    def _validate(self, where: str, schema: Any, body: Any) -> None:
        found = Draft202012Validator(schema, registry=self._registry).iter_errors(body)
        wrong = [f"{error.json_path}: {error.message}" for error in found]
        assert not wrong, f"{where}: {'; '.join(wrong)}"

    def _resolved(self, thing: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in thing:
            thing = self._registry.resolver().lookup(thing["$ref"]).contents
        return thing


class Checked(httpx.AsyncBaseTransport):
    """A transport that holds every exchange to the description. `seen` are the operations."""

    def __init__(
        self,
        spec: Spec,
        inner: httpx.AsyncBaseTransport,
        also_queries: Mapping[str, str] | None = None,
        also_answers: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self._spec = spec
        self._inner = inner
        self._also_queries = also_queries
        self._also_answers = also_answers or {}
        self.seen: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        await response.aread()
        for asked, answered in [(request, response), *_within(request, response)]:
            self._check(asked, answered)
        return response

    def _check(self, request: httpx.Request, response: httpx.Response) -> None:
        also = self._also_answers.get(self._spec.name_of(request), frozenset())
        told = response if not also else _without(response, also)
        self.seen.add(self._spec.check(request, told, self._also_queries))


def _within(
    request: httpx.Request, response: httpx.Response
) -> list[tuple[httpx.Request, httpx.Response]]:
    """The exchanges within a JSON batch of Microsoft Graph, as if each had been on its own."""
    if not request.url.path.endswith("/$batch") or response.status_code != httpx.codes.OK:
        return []
    base = str(request.url).removesuffix("/$batch")
    asked = {one["id"]: one for one in json.loads(request.content)["requests"]}
    return [
        (
            httpx.Request(asked[one["id"]]["method"], base + asked[one["id"]]["url"]),
            httpx.Response(one["status"], json=one["body"])
            if "body" in one
            else httpx.Response(one["status"]),
        )
        for one in response.json()["responses"]
    ]


def _without(response: httpx.Response, names: frozenset[str]) -> httpx.Response:
    """The answer without properties that the description is known to leave out."""
    body = response.json()
    for one in body.get("value", []):
        for name in names:
            one.pop(name, None)
    return httpx.Response(response.status_code, json=body)


@cache
def _loaded(path: Path, closed: bool) -> Spec:
    text = path.read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = json.loads(text) if path.suffix == ".json" else yaml.load(text, loader)
    return Spec(document, closed=closed)


def _base_paths(document: dict[str, Any]) -> list[str]:
    servers = document.get("servers") or [{"url": document.get("basePath", "")}]
    return sorted({urlsplit(one["url"]).path.rstrip("/") for one in servers}, key=len, reverse=True)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", template)
    return re.compile("[^/]+".join(map(re.escape, parts)))


def _content(described: dict[str, Any]) -> Any:
    """The schema of a JSON body, None if there is none: OpenAPI 3 or Swagger 2."""
    for kind, content in described.get("content", {}).items():
        if kind.partition(";")[0].endswith("json"):
            return content.get("schema", {})
    return described.get("schema")


def _as_json_schema(node: Any, *, closed: bool) -> Any:
    """OpenAPI's own dialect as JSON Schema: `nullable`, references, boolean limits."""
    if isinstance(node, list):
        return [_as_json_schema(one, closed=closed) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _as_json_schema(value, closed=closed) for key, value in node.items()}
    if isinstance(made.get("$ref"), str) and made["$ref"].startswith("#"):
        made["$ref"] = HERE + made["$ref"]
    for limit in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(made.get(limit), bool):
            del made[limit]
    if closed and made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("patternProperties", {"@": {}})  # OData annotations stand anywhere
        made.setdefault("additionalProperties", False)
    if made.pop("nullable", False) is True:
        return {"anyOf": [{"type": "null"}, made]}
    return made
