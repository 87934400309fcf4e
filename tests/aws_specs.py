"""AWS's own service models, held against what the adapters send and what practice AWS answers.

The files are AWS's, cut down to what offboarding calls, and are read from EXEUNT_API_SPECS. What
they leave out (STS, Organizations, the simulator) is read from the models that botocore ships.
"""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import httpx
import pytest
from botocore.loaders import Loader

from adapters.practice.aws.wire import PracticeAws
from tests.specs import FOLDER

TARGETS = {
    "AWSIdentityStore": "identitystore",
    "SWBExternalService": "sso-admin",
    "AWSOrganizationsV20161128": "organizations",
}
VERSIONS = {"2010-05-08": "iam", "2011-06-15": "sts"}
COMMON = frozenset({"AccessDenied", "AccessDeniedException", "Throttling", "ValidationError"})
"""Errors that every operation may answer (AWS, "Common errors")."""
PLAIN: dict[str, Any] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "timestamp": (float, int, str),
}


class Model:
    """One description: the shapes of what is asked and answered."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.operations: dict[str, Any] = document["operations"]
        self._shapes: dict[str, Any] = document["shapes"]

    def asked(self, operation: str, value: Any) -> None:
        self._fits(self.operations[operation]["input"]["shape"], value, f"{operation} asks")

    def answered(self, operation: str, value: Any) -> None:
        output = self.operations[operation].get("output")
        if output is None:
            assert not value, f"{operation} answers nothing"
            return
        self._fits(output["shape"], value, f"{operation} answers")

    def refused(self, operation: str, code: str) -> None:
        shapes = [one["shape"] for one in self.operations[operation].get("errors", [])]
        named = {self._shapes[one].get("error", {}).get("code", one) for one in shapes}
        assert code in named | COMMON, f"{operation} does not refuse with {code}"

    def _fits(self, name: str, value: Any, where: str) -> None:
        shape = self._shapes[name]
        kind = shape["type"]
        if kind == "structure" and shape.get("document"):
            return
        if kind == "structure":
            members = shape.get("members", {})
            unknown, lacking = {*value} - {*members}, {*shape.get("required", ())} - {*value}
            assert not unknown, f"{where}: not described: {sorted(unknown)}"
            assert not lacking, f"{where}: missing: {sorted(lacking)}"
            for key, one in value.items():
                self._fits(members[key]["shape"], one, f"{where}.{key}")
        elif kind == "list":
            for one in value:
                self._fits(shape["member"]["shape"], one, f"{where}[]")
        elif kind == "map":
            for one in value.values():
                self._fits(shape["value"]["shape"], one, f"{where}{{}}")
        else:
            _check_plain(shape, value, where)

    def from_xml(self, name: str, node: ET.Element) -> Any:
        shape = self._shapes[name]
        if shape["type"] == "structure":
            told = {_tag(child): child for child in node}
            known = shape.get("members", {})
            return {
                key: self.from_xml(known[key]["shape"], child) if key in known else child.text
                for key, child in told.items()
            }
        if shape["type"] == "list":
            return [self.from_xml(shape["member"]["shape"], child) for child in node]
        text = node.text or ""
        return text == "true" if shape["type"] == "boolean" else text

    def from_form(self, name: str, flat: dict[str, str]) -> Any:
        """Structures and lists of plain values: no operation that is used nests deeper."""
        members = self._shapes[name].get("members", {})
        made: dict[str, Any] = {}
        for key, value in flat.items():
            first, _, rest = key.partition(".")
            if not rest:
                kind = self._shapes[members[key]["shape"]]["type"] if key in members else "string"
                made[key] = int(value) if kind == "integer" else value
                continue
            assert re.fullmatch(r"member\.\d+", rest), key
            made.setdefault(first, []).append(value)
        return made


class CheckedAws(httpx.AsyncBaseTransport):
    """A transport that holds every exchange to AWS's models. `seen` are the operations."""

    def __init__(self, vendor: PracticeAws) -> None:
        self.seen: set[str] = set()
        self.serve(vendor)

    def serve(self, vendor: PracticeAws) -> None:
        self._inner = httpx.ASGITransport(vendor.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        await response.aread()
        self.seen.add(check(request, response))
        return response


def check(request: httpx.Request, response: httpx.Response) -> str:
    """The operation, as `iam:GetUser`. Raises AssertionError that says what does not fit."""
    assert (request.method, request.url.path) == ("POST", "/")
    target = request.headers.get("x-amz-target")
    if target is None:
        return _check_query(request, response)
    prefix, _, operation = target.partition(".")
    name = TARGETS[prefix]
    model = load(name, operation)
    model.asked(operation, json.loads(request.content))
    if response.is_success:
        model.answered(operation, json.loads(response.content))
    else:
        model.refused(operation, json.loads(response.content)["__type"].partition("#")[2])
    return f"{name}:{operation}"


def _check_query(request: httpx.Request, response: httpx.Response) -> str:
    flat = dict(parse_qsl(request.content.decode(), strict_parsing=True))
    operation, name = flat.pop("Action"), VERSIONS[flat.pop("Version")]
    model = load(name, operation)
    described = model.operations[operation]
    if described.get("input"):
        model.asked(operation, model.from_form(described["input"]["shape"], flat))
    root = ET.fromstring(response.content)
    if not response.is_success:
        model.refused(operation, root.findtext(".//{*}Code") or "")
        return f"{name}:{operation}"
    assert _tag(root) == f"{operation}Response"
    if output := described.get("output"):
        result = root.find(f"{{*}}{output['resultWrapper']}")
        assert result is not None
        model.answered(operation, model.from_xml(output["shape"], result))
    return f"{name}:{operation}"


def load(name: str, operation: str = "") -> Model:
    """Skips the test if the file is not there; on a build server that is a failure."""
    if name in ("sts", "organizations"):
        return _shipped(name)
    path = Path(os.environ.get("EXEUNT_API_SPECS", FOLDER)) / f"aws-{name}.botocore.json"
    if not path.is_file():
        why = f"{path.name} is not here: name its folder in EXEUNT_API_SPECS"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    given, shipped = _given(path), _shipped(name)
    return given if operation in given.operations or not operation else shipped


@cache
def _given(path: Path) -> Model:
    return Model(json.loads(path.read_text(encoding="utf-8")))


@cache
def _shipped(name: str) -> Model:
    return Model(Loader().load_service_model(name, "service-2"))


def _check_plain(shape: dict[str, Any], value: Any, where: str) -> None:
    expected = PLAIN[shape["type"]]
    if shape["type"] == "integer" and isinstance(value, str):
        value = int(value)
    assert isinstance(value, expected), f"{where}: is no {shape['type']}"
    if "enum" in shape:
        assert value in shape["enum"], f"{where}: {value!r} is not one of {shape['enum']}"
    if isinstance(value, str) and shape["type"] == "string":
        assert len(value) >= shape.get("min", 0), f"{where}: too short"
        pattern = _pattern(shape.get("pattern", ""))
        assert not pattern or pattern.fullmatch(value), f"{where}: {value!r} is not {pattern}"


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """None for what Python's `re` does not know, such as classes of Unicode."""
    try:
        return re.compile(text) if text else None
    except re.error:
        return None


def _tag(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]
