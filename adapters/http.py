"""The only door to the network: one client, one translation of vendor errors.

Nothing leaves here as an httpx error, no secret and no query string reaches a message, and in
observe mode no write leaves at all.
"""

import hashlib
import ipaddress
import ssl
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Any

import httpx

from adapters.budget import Budget
from adapters.calls import remember
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from adapters.statuses import json_or_none, name_of, path_of, raise_for_status, retry_after

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
UNTOLD_SECONDS = 1.0
"""How long we keep quiet after a 429 that does not say how long."""
LARGEST_REPLY = 16 * 1024 * 1024
READS = frozenset({"GET", "HEAD", "OPTIONS"})
REQUEST_IDS = (
    "request-id",
    "x-request-id",
    "x-okta-request-id",
    "x-github-request-id",
    "x-amzn-requestid",
)


class Mode(StrEnum):
    """Whether a system may be changed."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


@dataclass(frozen=True)
class Reply:
    """A success, or a 404 where the caller said that it means "gone"."""

    status: int
    body: Any
    headers: httpx.Headers

    @property
    def gone(self) -> bool:
        return self.status == httpx.codes.NOT_FOUND


class Api:
    """A vendor's HTTP API that speaks our errors.

    `base_url` is https, or plain http to loopback only; raises ValueError otherwise. `auth` is an
    httpx.Auth and never appears in a repr. `trust` says whose certificates are taken; None: those
    that the machine trusts. `permission` and `fix` go into what is said when the vendor refuses us.
    `budget` holds calls back so that the vendor need not.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: httpx.Auth | None = None,
        mode: Mode = Mode.ENFORCE,
        headers: dict[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        trust: ssl.SSLContext | None = None,
        permission: str = "",
        fix: str = "renew the credential of this system",
        budget: Budget | None = None,
    ) -> None:
        self.base_url = trusted_url(base_url)
        self._mode = mode
        self._advice = (permission, fix)
        self._budget = budget
        self._client = httpx.AsyncClient(
            auth=auth,
            headers={"User-Agent": "exeunt", **(headers or {})},
            timeout=TIMEOUT,
            transport=transport,
            verify=trust or True,
            trust_env=transport is None,
        )

    def __repr__(self) -> str:
        return f"Api({self.base_url!s}, {self._mode})"

    async def get(self, path: str, *, gone_ok: bool = False, **params: str | int) -> Reply:
        return await self.send("GET", path, gone_ok=gone_ok, params=params)

    async def post(self, path: str, body: object = None, *, gone_ok: bool = False) -> Reply:
        return await self.send("POST", path, gone_ok=gone_ok, body=body)

    async def put(self, path: str, body: object, *, gone_ok: bool = False) -> Reply:
        return await self.send("PUT", path, gone_ok=gone_ok, body=body)

    async def patch(self, path: str, body: object, *, gone_ok: bool = False) -> Reply:
        return await self.send("PATCH", path, gone_ok=gone_ok, body=body)

    async def delete(self, path: str, *, gone_ok: bool = False) -> Reply:
        return await self.send("DELETE", path, gone_ok=gone_ok)

    async def send(
        self,
        method: str,
        path: str,
        *,
        gone_ok: bool = False,
        params: dict[str, str | int] | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
        codes: frozenset[int] = frozenset(),
        only_reads: bool = False,
    ) -> Reply:
        """Make one call. `path` is relative, or a whole next-link of the same host.

        `only_reads` is a POST that changes nothing, such as a batch of reads.
        Statuses in `codes` come back as a Reply for the caller to read; every other failure is
        raised as an AdapterError.
        """
        url = self._url(path)
        request = self._client.build_request(
            method, url, params=params or None, json=body, headers=headers
        )
        writes = method not in READS and not only_reads
        units = self._units(method, url, params, body)
        response = await self._let_out(request, units, writes=writes)
        if response.status_code in codes or (
            gone_ok and response.status_code == httpx.codes.NOT_FOUND
        ):
            return Reply(response.status_code, json_or_none(response), response.headers)
        raise_for_status(response, *self._advice)
        return Reply(response.status_code, _body(response), response.headers)

    async def send_bytes(
        self,
        content: bytes,
        *,
        named: str,
        path: str = "/",
        headers: dict[str, str] | None = None,
        codes: frozenset[int] = frozenset(),
        only_reads: bool = False,
    ) -> Reply:
        """POST what is no JSON; the body of the Reply is the bytes that came.

        `named` is the operation: it is remembered where others have a path.
        """
        request = self._client.build_request(
            "POST", self._url(path), content=content, headers=headers, extensions={"named": named}
        )
        response = await self._let_out(request, 1.0, writes=not only_reads)
        if response.status_code not in codes:
            raise_for_status(response, *self._advice)
        return Reply(response.status_code, response.content, response.headers)

    async def close(self) -> None:
        await self._client.aclose()

    async def _let_out(
        self, request: httpx.Request, units: float, *, writes: bool
    ) -> httpx.Response:
        if self._mode is Mode.OBSERVE and writes:
            raise NeedsHuman(f"observe mode: {name_of(request)} was not sent")
        if self._budget:
            await self._budget.take(units, writes=writes)
        response = await self._exchange(request, writes=writes)
        self._heed(response)
        return response

    def _units(
        self,
        method: str,  # noqa: ARG002 - a vendor with costs of its own looks at these
        url: httpx.URL,  # noqa: ARG002 - likewise
        params: dict[str, str | int] | None,  # noqa: ARG002 - likewise
        body: object,  # noqa: ARG002 - likewise
    ) -> float:
        """What a call costs of the vendor's rate."""
        return 1.0

    def _heed(self, response: httpx.Response) -> None:
        """Learn from an answer how much the vendor still wants to hear."""
        if self._budget and response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self._budget.close_for(retry_after(response.headers) or UNTOLD_SECONDS)

    def _url(self, path: str) -> httpx.URL:
        """Join to the base (of "" it is all); a link to another host is refused before our
        credential goes there.
        """
        if not path:
            return self.base_url
        if "://" not in path:
            return httpx.URL(str(self.base_url).rstrip("/") + "/" + path.lstrip("/"))
        url = httpx.URL(path)
        ours = (self.base_url.scheme, self.base_url.host, self.base_url.port)
        if (url.scheme, url.host, url.port) != ours:
            raise Unrecognised(f"a next-link points to another host ({url.host}); not followed")
        return url

    async def _exchange(self, request: httpx.Request, *, writes: bool) -> httpx.Response:
        started = perf_counter()
        response: httpx.Response | None = None
        said: bytes | None = None
        try:
            response = await self._client.send(request, stream=True)
            said = await _read_bounded(response)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TryAgain(f"{name_of(request)}: {type(error).__name__}") from None
        else:
            return response
        finally:
            if response is not None:
                await response.aclose()
            _remember(request, response, perf_counter() - started, said, writes=writes)


def trusted_url(text: str) -> httpx.URL:
    """An absolute https URL, or http to loopback. Raises ValueError that says which it must be."""
    url = httpx.URL(text)
    if url.scheme == "https" and url.host:
        return url
    if url.scheme == "http" and is_loopback(url.host):
        return url
    raise ValueError(f"{text!r} must start with https:// (plain http goes to loopback only)")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _body(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        raise Unrecognised(f"{name_of(response.request)}: the answer is not JSON") from None


async def _read_bounded(response: httpx.Response) -> bytes:
    size = 0
    chunks = []
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > LARGEST_REPLY:
            raise Unrecognised(
                f"{name_of(response.request)}: the answer is larger than {LARGEST_REPLY} bytes"
            )
        chunks.append(chunk)
    response._content = b"".join(chunks)  # noqa: SLF001 - httpx has no bounded read of its own
    return response.content


def _remember(
    request: httpx.Request,
    response: httpx.Response | None,
    seconds: float,
    said: bytes | None,
    *,
    writes: bool,
) -> None:
    found = (
        next((response.headers[h] for h in REQUEST_IDS if h in response.headers), None)
        if response is not None
        else None
    )
    status = response.status_code if response is not None else None
    digest = None if said is None else hashlib.sha256(said).hexdigest()
    remember(request.method, path_of(request), status, seconds, found, digest, writes=writes)
