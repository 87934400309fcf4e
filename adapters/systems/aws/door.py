"""AWS's own door: one operation, one call, and what its error codes mean.

The Query protocol refuses with 403 and 404, the JSON protocol with 400 for nearly everything, so
the code decides and not the status. Sources: the service models in botocore, and "Common errors" of
the IAM and Identity Store API references.
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx

from adapters.auth import Bearer
from adapters.errors import AdapterError, CredentialDenied, TargetDenied, TryAgain, Unrecognised
from adapters.http import Api, Reply
from adapters.statuses import json_or_none, retry_after
from adapters.systems.aws.protocol import service
from adapters.systems.aws.settings import AwsSettings
from adapters.systems.aws.signing import Keys, SigV4, placed

READS = ("Get", "List", "Describe", "Simulate")
ABSENT = frozenset({"NoSuchEntity", "ResourceNotFoundException"})
THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
)
LATER = frozenset(
    {
        "ConcurrentModification",
        "ConcurrentModificationException",
        "ConflictException",
        "DeleteConflict",
        "EntityTemporarilyUnmodifiable",
        "InternalFailure",
        "RequestExpired",
        "ServiceFailure",
        "ServiceUnavailable",
    }
)
OUR_KEYS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes that speak of the credential; IAM sends most of them with 403."""
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_SAYS_WHY = frozenset({400, 403, 404, 409})
_MOST_PAGES = 10_000


class AwsApi(Api):
    """Api that calls the operations of one service."""

    def __init__(self, name: str, url: str, *, permission: str, fix: str, **more: Any) -> None:
        super().__init__(url, permission=permission, fix=fix, **more)
        self._service = service(name)
        self._fix = fix

    async def call(
        self, operation: str, excused: frozenset[str] = frozenset(), **parameters: Any
    ) -> dict[str, Any] | None:
        """What AWS answers, as its description names it; None for an error code in `excused`."""
        said = self._service.say(operation, parameters)
        reply = await self.send_bytes(
            said.content,
            named=self._service.permission(operation),
            headers=said.headers,
            codes=_SAYS_WHY,
            only_reads=operation.startswith(READS),
        )
        if reply.status < httpx.codes.BAD_REQUEST:
            return self._service.read(operation, reply.body)
        code = self._service.code(operation, reply.status, reply.body)
        if code and code in excused:
            return None
        raise self._refusal(operation, reply, code)

    async def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The same, where no refusal is excused."""
        return await self.call(operation, **parameters) or {}

    async def pages(
        self, operation: str, key: str, **parameters: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Every entry of a list. IAM goes on by `Marker`, the younger services by `NextToken`."""
        seen: set[str] = set()
        while True:
            answer = await self.ask(operation, **parameters)
            if key not in answer and "IsTruncated" not in answer:
                raise Unrecognised(f"{operation}: the answer has no {key}")
            for entry in answer.get(key) or ():
                yield entry
            name = "Marker" if "IsTruncated" in answer else "NextToken"
            following = answer.get(name)
            if answer.get("IsTruncated") and not following:
                raise Unrecognised(f"{operation}: there is more, but no way to it")
            if not following or answer.get("IsTruncated") is False:
                return
            if following in seen or len(seen) > _MOST_PAGES:
                raise Unrecognised(f"{operation}: the pages never end")
            seen.add(following)
            parameters[name] = following

    def _refusal(self, operation: str, reply: Reply, code: str) -> AdapterError:
        permission = self._service.permission(operation)
        what = f"{permission}: {reply.status} {code}".rstrip()
        if code in OUR_KEYS:
            return CredentialDenied(what, permission, self._fix)
        if code in DENIED or (not code and reply.status == httpx.codes.FORBIDDEN):
            return TargetDenied(what, permission)
        if code in THROTTLED:
            return TryAgain(what, _pause(reply))
        if code in LATER | ABSENT:
            # What was there a moment ago is gone, or not to be seen yet: the next look tells.
            return TryAgain(what, retry_after(reply.headers))
        return Unrecognised(what)


def opened(
    name: str,
    settings: AwsSettings,
    transport: httpx.AsyncBaseTransport | None,
    system: str,
    keys: Keys,
) -> AwsApi:
    """The door to one service, with the credential of the settings."""
    place, signing_name = placed(name, settings), service(name).signing_name
    auth = Bearer(settings.token) if settings.token else SigV4(keys, signing_name, place.region)
    return AwsApi(
        name,
        place.url,
        auth=auth,
        mode=settings.mode,
        transport=transport,
        permission=f"sign in, and {signing_name} actions",
        fix=f"put valid keys, or a role that may be taken on, under systems.{system}",
    )


def _pause(reply: Reply) -> float | None:
    told = retry_after(reply.headers)
    body = json_or_none(httpx.Response(reply.status, content=reply.body))
    seconds = body.get("RetryAfterSeconds") if isinstance(body, dict) else None
    return float(seconds) if told is None and isinstance(seconds, int) else told
