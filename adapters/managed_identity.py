"""Sign in without a stored secret: what the platform vouches for takes the place of one.

Either it hands out tokens of an identity of its own (managed identity), or assertions that Entra
takes as proof of an application (workload identity federation). Both go through MsalAuth.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from json import JSONDecodeError
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msal
import requests

from adapters.errors import CredentialDenied, TryAgain
from adapters.msal_auth import TIMEOUT_SECONDS, Application, Registration

_WHERE = "sign-in to Microsoft: managed identity"
_UPDATING = frozenset({HTTPStatus.GONE, HTTPStatus.TOO_MANY_REQUESTS})
_VM_PATH = "/metadata/identity/oauth2/token"
_AADSTS = re.compile(r"\bAADSTS(\d{5,8})\b")


class MetadataSession(requests.Session):
    """HTTP to the platform's metadata endpoint, for MSAL, which sets no timeout there.

    On Service Fabric MSAL makes a session of its own from this one: it keeps all but the timeout.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # the endpoint is this machine's own: a proxy must not see tokens
        # MSAL drops the status, and would take a throttled or updating endpoint for a refusal.
        self.hooks["response"].append(_raise_if_passing)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(*args, **{"timeout": TIMEOUT_SECONDS} | kwargs)


class _ManagedIdentity:
    """MSAL's client for managed identities, in the shape of its client for applications."""

    def __init__(self, client: Any, fix: str) -> None:
        self._client = client
        self._fix = fix

    def acquire_token_for_client(
        self, scopes: list[str], claims_challenge: str | None = None
    ) -> dict[str, Any]:
        """Raises what MsalAuth cannot tell apart; the network's own errors it does know."""
        resource = scopes[0].removesuffix("/.default")
        try:
            answer: dict[str, Any] = self._client.acquire_token_for_client(
                resource=resource, claims_challenge=claims_challenge
            )
        except JSONDecodeError:
            raise  # another cloud's metadata, or a page of a proxy
        except (AttributeError, TypeError):
            raise TryAgain(f"{_WHERE}: the answer is not Microsoft's") from None
        except PermissionError:
            raise CredentialDenied(
                f"{_WHERE}: Azure Arc's key cannot be read",
                fix="add the user that runs Exeunt to the group himds",
            ) from None
        except ValueError:  # an Arc agent without the identity, an endpoint that is no address
            raise CredentialDenied(f"{_WHERE} is not usable here", fix=self._fix) from None
        if isinstance(answer.get("access_token"), str):
            return answer
        # Entra's own refusal comes as text: by its number, MsalAuth knows it and its fix.
        codes = _AADSTS.findall(str(answer.get("error_description")))
        if codes:
            return {"error_codes": [int(code) for code in codes]}
        raise CredentialDenied(f"{_WHERE} is not available here", fix=self._fix)


def managed_identity(client_id: str | None, http_client: object = None) -> Application:
    """The identity of the Azure resource that this runs on; `client_id` names a user-assigned one.

    The platform keeps its tokens for up to 24 hours: new permissions are seen late, and a renewal
    may bring the same token again. `http_client` stands in for the network in tests.
    """
    if client_id:
        identity = msal.UserAssignedManagedIdentity(client_id=client_id)
        fix = "assign that identity to what this runs on; give its client id, not its object id"
    else:
        identity = msal.SystemAssignedManagedIdentity()
        fix = "turn it on for what this runs on, or put the client_id of a user-assigned one"
    client = msal.ManagedIdentityClient(
        identity,
        http_client=MetadataSession() if http_client is None else http_client,
        client_capabilities=["CP1"],
    )
    return _ManagedIdentity(client, fix)


def federated(
    registration: Registration, assertion: Callable[[], str], http_client: object = None
) -> Application:
    """An application whose proof is an assertion; it is asked for anew at each sign-in.

    Raises ValueError if MSAL refuses tenant or authority. What `assertion` raises leaves as it is.
    """
    made: Application = msal.ConfidentialClientApplication(
        registration.client_id,
        authority=f"{registration.authority.rstrip('/')}/{registration.tenant_id}",
        client_credential={"client_assertion": assertion},
        client_capabilities=["CP1"],
        timeout=TIMEOUT_SECONDS,
        http_client=http_client,
    )
    return made


def assertion_in(path: str) -> Callable[[], str]:
    """Reads a file that the platform replaces before it expires, such as on AKS.

    Raises CredentialDenied: a missing file is a deployment's mistake, not an outage.
    """

    def read() -> str:
        try:
            text = Path(path).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            text = ""
        if not text:
            raise CredentialDenied(
                "sign-in to Microsoft: the federated token file is empty or cannot be read",
                fix="check federated_token_file, its permissions, and that the platform mounts it",
            )
        return text

    return read


def _raise_if_passing(response: requests.Response, *_: object, **__: object) -> None:
    """Microsoft: repeat 410, 429 and 5xx; a virtual machine also says 404 while it updates."""
    status = response.status_code
    updating = status == HTTPStatus.NOT_FOUND and urlsplit(response.url).path == _VM_PATH
    if status in _UPDATING or status >= HTTPStatus.INTERNAL_SERVER_ERROR or updating:
        wait = response.headers.get("Retry-After", "")
        raise TryAgain(f"{_WHERE}: HTTP {status}", float(wait) if wait.isdecimal() else None)
