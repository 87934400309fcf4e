"""Google's own API descriptions (discovery documents), held against requests and answers.

Closed: a property that a schema does not name fails, sent or answered, and so does one that is
read-only in what is sent. The files are Google's: they are read from the folder of tests/specs.py.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from jsonschema import Draft202012Validator

from adapters.systems.google.signing import _acting
from tests.specs import FOLDER

Json: TypeAlias = dict[str, Any]
DOCUMENTS = tuple(
    f"google-{name}.discovery.json"
    for name in (
        "admin.directory_v1",
        "admin.datatransfer_v1",
        "licensing.v1",
        "gmail.v1",
        "cloudidentity.v1",
    )
)
INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
_BASIC = "https://www.googleapis.com/auth/gmail.settings.basic"
_FILTERS = "gmail/v1/users/{userId}/settings/filters"
# The description at hand was cut down and lost users.settings.filters. This is that part of
# gmail.v1 as google-api-python-client 2.202.0 carries it, in its discovery_cache.
LEFT_OUT: Json = {
    "methods": {
        "list": {
            "httpMethod": "GET",
            "path": _FILTERS,
            "response": {"$ref": "ListFiltersResponse"},
            "scopes": [_BASIC],
        },
        "create": {
            "httpMethod": "POST",
            "path": _FILTERS,
            "request": {"$ref": "Filter"},
            "response": {"$ref": "Filter"},
            "scopes": [_BASIC],
        },
        "delete": {"httpMethod": "DELETE", "path": _FILTERS + "/{id}", "scopes": [_BASIC]},
    },
    "schemas": {
        "ListFiltersResponse": {
            "type": "object",
            "properties": {"filter": {"type": "array", "items": {"$ref": "Filter"}}},
        },
        "Filter": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "criteria": {
                    "type": "object",
                    "properties": {
                        name: {"type": "string"}
                        for name in ("from", "to", "subject", "query", "negatedQuery")
                    },
                },
                "action": {
                    "type": "object",
                    "properties": {
                        "forward": {"type": "string"},
                        "addLabelIds": {"type": "array", "items": {"type": "string"}},
                        "removeLabelIds": {"type": "array", "items": {"type": "string"}},
                    },
                },
            },
        },
    },
}


class Method:
    """One method of one document."""

    def __init__(self, document: Json, told: Json) -> None:
        self.verb: str = told["httpMethod"]
        base = document.get("servicePath", "")
        self.template = "/" + base + (told.get("flatPath") or told["path"]).removeprefix(base)
        self.scopes = frozenset(told.get("scopes", ()))
        self.queries: Json = {
            name: one
            for name, one in (document.get("parameters", {}) | told.get("parameters", {})).items()
            if one["location"] == "query"
        }
        self.request, self.response = told.get("request"), told.get("response")
        self._document = document

    @property
    def name(self) -> str:
        return f"{self.verb} {self.template}"

    def fits(self, request: httpx.Request) -> bool:
        return request.method == self.verb and bool(
            _pattern(self.template).fullmatch(request.url.path)
        )

    def check_query(self, request: httpx.Request) -> None:
        asked = request.url.params
        unknown = set(asked) - set(self.queries)
        assert not unknown, f"{self.name}: no such query parameter: {sorted(unknown)}"
        lacking = {n for n, one in self.queries.items() if one.get("required")} - set(asked)
        assert not lacking, f"{self.name}: query parameters are missing: {sorted(lacking)}"
        for name, value in asked.multi_items():
            _check_text(f"{self.name}: {name}", self.queries[name], value)

    def check_body(self, request: httpx.Request) -> None:
        if self.request is None:
            assert not request.content, f"{self.name}: takes no body"
            return
        assert request.content, f"{self.name}: the body is missing"
        self._validate("sent", self.request, json.loads(request.content), writing=True)

    def check_answer(self, response: httpx.Response) -> None:
        if response.is_error:
            _check_error(self.name, response)
        elif self.response is None:
            assert not response.content, f"{self.name}: answers without a body"
        else:
            self._validate("answered", self.response, response.json(), writing=False)

    def _validate(self, what: str, schema: Json, body: Any, *, writing: bool) -> None:
        schemas = self._document["schemas"]
        whole = {
            **_json_schema(schema, writing=writing),
            "$defs": {name: _json_schema(one, writing=writing) for name, one in schemas.items()},
        }
        wrong = [
            f"{e.json_path}: {e.message}" for e in Draft202012Validator(whole).iter_errors(body)
        ]
        assert not wrong, f"{self.name}: {what}: {'; '.join(wrong)}"


class Discovery:
    """Several documents as one: what tests/specs.py calls a Spec, for Google."""

    def __init__(self, documents: list[Json]) -> None:
        self._methods = [
            Method(document, told) for document in documents for told in _methods(document)
        ]

    @classmethod
    def load(cls, *names: str) -> "Discovery":
        """By file name. Skips the test if one is missing; on a build server that is a failure."""
        folder = Path(os.environ.get("EXEUNT_API_SPECS", FOLDER))
        for name in names:
            if not (folder / name).is_file():
                why = f"{name} is not here: name its folder in EXEUNT_API_SPECS"
                (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
        return _loaded(folder, names)

    def check(
        self,
        request: httpx.Request,
        response: httpx.Response,
        also_queries: Mapping[str, str] | None = None,
    ) -> str:
        """The method that it was. Raises AssertionError that says what is not as described."""
        method = self.method(request)
        method.check_query(request)
        method.check_body(request)
        method.check_answer(response)
        return method.name

    def name_of(self, request: httpx.Request) -> str:
        return self.method(request).name

    def scopes_of(self, request: httpx.Request) -> frozenset[str]:
        """Any one of these lets the method be called."""
        return self.method(request).scopes

    def method(self, request: httpx.Request) -> Method:
        """Of several that fit, the one with the fewest placeholders is meant."""
        found = [one for one in self._methods if one.fits(request)]
        assert found, f"{request.method} {request.url.path} is not described"
        return min(found, key=lambda one: one.template.count("{"))


class Described(httpx.AsyncBaseTransport):
    """Holds every exchange to the documents, and the scope that it is made with to the method's."""

    def __init__(self, spec: Discovery, inner: httpx.AsyncBaseTransport) -> None:
        self._spec = spec
        self._inner = inner
        self.seen: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        scope, allowed = _acting.get().scope, self._spec.scopes_of(request)
        assert scope in allowed, f"{self._spec.name_of(request)}: not with the scope {scope}"
        response = await self._inner.handle_async_request(request)
        await response.aread()
        self.seen.add(self._spec.check(request, response))
        return response


def _methods(node: Json) -> Iterator[Json]:
    yield from node.get("methods", {}).values()
    for inner in node.get("resources", {}).values():
        yield from _methods(inner)


@cache
def _loaded(folder: Path, names: tuple[str, ...]) -> Discovery:
    documents = [json.loads((folder / name).read_text("utf-8")) for name in names]
    for document in documents:
        if document["name"] == "gmail":
            document["resources"]["filters"] = {"methods": LEFT_OUT["methods"]}
            document["schemas"] |= LEFT_OUT["schemas"]
    return Discovery(documents)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """A colon ends a segment: what follows is the name of a custom method."""
    parts = re.split(r"\{[^}]*\}", template)
    return re.compile("[^/:]+".join(map(re.escape, parts)))


def _check_text(where: str, told: Json, value: str) -> None:
    if told["type"] == "integer":
        assert value.lstrip("-").isdecimal(), f"{where}: {value!r} is no integer"
        assert int(value) <= int(told.get("maximum", value)), f"{where}: {value} is too large"
        assert int(value) >= int(told.get("minimum", value)), f"{where}: {value} is too small"
    if told["type"] == "boolean":
        assert value in ("true", "false"), f"{where}: {value!r} is no boolean"
    assert value in told.get("enum", [value]), f"{where}: {value!r} is not one of those named"


def _check_error(name: str, response: httpx.Response) -> None:
    """Not in the documents: the form that all of Google's APIs share."""
    error = response.json().get("error", {})
    assert error.get("code") == response.status_code, f"{name}: an error without its code"


def _json_schema(told: Any, *, writing: bool) -> Any:
    """A schema of a discovery document as JSON Schema."""
    if "$ref" in told:
        return {"$ref": f"#/$defs/{told['$ref']}"}
    if told.get("type") == "any":
        return {}
    made: Json = {"type": told["type"]}
    if told.get("format") in ("int64", "uint64") and told["type"] == "string":
        made["pattern"] = r"^-?\d+$"
    if told.get("format") in ("date-time", "google-datetime"):
        made["pattern"] = INSTANT
    made |= {key: told[key] for key in ("enum", "pattern") if key in told}
    if "items" in told:
        made["items"] = _json_schema(told["items"], writing=writing)
    if told["type"] == "object":
        properties = told.get("properties", {})
        made["properties"] = {
            name: _json_schema(one, writing=writing)
            for name, one in properties.items()
            if not (writing and one.get("readOnly"))
        }
        more = told.get("additionalProperties")
        made["additionalProperties"] = _json_schema(more, writing=writing) if more else False
    return made
