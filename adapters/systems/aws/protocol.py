"""AWS's wire, by its own descriptions: what botocore knows of each service, used offline.

botocore serialises, checks and reads; it opens no connection here. An operation or a parameter that
AWS does not describe fails before it leaves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError, ResponseParserFactory
from botocore.regions import EndpointResolver
from botocore.serialize import create_serializer
from botocore.utils import parse_timestamp

from adapters.errors import Unrecognised


@dataclass(frozen=True)
class Place:
    """Where a service answers in a region, and for which region a request to it is signed."""

    url: str
    region: str


@dataclass(frozen=True)
class Said:
    """A request as it goes out, still unsigned."""

    headers: dict[str, str]
    content: bytes


class Service:
    """One service of AWS, such as `iam`: how its requests are written and its answers read."""

    def __init__(self, name: str) -> None:
        self._model = _model(name)
        protocol = self._model.metadata["protocol"]
        self._json = protocol == "json"
        self._serializer = create_serializer(protocol, include_validation=True)
        readers = ResponseParserFactory()
        readers.set_parser_defaults(timestamp_parser=_in_utc)
        self._parser = readers.create_parser(protocol)
        self.signing_name: str = self._model.signing_name

    def place(self, region: str) -> Place:
        """The official endpoint. Raises ValueError for a region that AWS does not have."""
        found = _endpoints().construct_endpoint(self._model.endpoint_prefix, region)
        if found is None:
            raise ValueError(f"AWS has no region {region!r}")
        signed = found.get("credentialScope", {}).get("region", region)
        return Place(f"https://{found['hostname']}", signed)

    def permission(self, operation: str) -> str:
        """The IAM action that allows an operation, such as `iam:UpdateAccessKey`."""
        return f"{self._model.signing_name}:{operation}"

    def say(self, operation: str, parameters: dict[str, Any]) -> Said:
        """Raises Unrecognised for what AWS's description does not allow."""
        try:
            made = self._serializer.serialize_to_request(
                parameters, self._model.operation_model(operation)
            )
        except BotoCoreError as why:
            raise Unrecognised(f"{operation}: {type(why).__name__}, nothing was sent") from None
        body = made["body"]
        content = body if isinstance(body, bytes) else urlencode(body).encode()
        return Said(dict(made["headers"]), content)

    def read(self, operation: str, content: bytes) -> dict[str, Any]:
        """A success. Raises Unrecognised if it is not what the description says."""
        model = self._model.operation_model(operation)
        # botocore reads whatever is no JSON object as an empty answer.
        if self._json and model.output_shape and not content.lstrip().startswith(b"{"):
            raise Unrecognised(f"{operation}: the answer is not as AWS describes it")
        return self._parse(operation, 200, content, model.output_shape)

    def code(self, operation: str, status: int, content: bytes) -> str:
        """The error code of a refusal, such as `NoSuchEntity`; empty if it has none."""
        try:
            error = self._parse(operation, status, content, None).get("Error", {})
        except Unrecognised:
            return ""
        code = str(error.get("Code", ""))
        return code if code.isalnum() and code.isascii() and not code.isdigit() else ""

    def _parse(self, operation: str, status: int, content: bytes, shape: Any) -> dict[str, Any]:
        answer = {"status_code": status, "headers": {}, "body": content}
        try:
            parsed: dict[str, Any] = self._parser.parse(answer, shape)
        except (ResponseParserError, ValueError, TypeError, LookupError, AttributeError):
            raise Unrecognised(f"{operation}: the answer is not as AWS describes it") from None
        return parsed


def _in_utc(value: object) -> datetime:
    instant: datetime = parse_timestamp(value)
    return instant.astimezone(UTC)


@cache
def service(name: str) -> Service:
    return Service(name)


@cache
def _model(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@cache
def _endpoints() -> EndpointResolver:
    return EndpointResolver(Loader().load_data("endpoints"))
