"""How a request to AWS proves who we are: Signature Version 4, by botocore's own signer.

The keys are a user's, or those of a role: taken on with other keys, or with a web identity that the
platform keeps fresh. What STS is asked goes through the door like every call.
"""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from adapters.clock import Clock
from adapters.errors import CredentialDenied, TryAgain, Unrecognised
from adapters.systems.aws.protocol import Place, service
from adapters.systems.aws.settings import AwsSettings

EARLY = timedelta(minutes=5)
"""Keys of a role are renewed before they expire."""
SESSION = "exeunt"
"""What our sessions are called in AWS's own log."""


class Keys:
    """Who we are at AWS. One for a system: its services share the keys of a role."""

    def __init__(self, settings: AwsSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._own = _own(settings)
        self._taken: ReadOnlyCredentials | None = None
        self._until: datetime | None = None

    @property
    def stale(self) -> bool:
        """Whether STS has to be asked first."""
        if self._settings.role_arn is None:
            return False
        return self._until is None or self._clock.now() >= self._until - EARLY

    @property
    def current(self) -> ReadOnlyCredentials:
        return self._taken or self._own

    def question(self) -> httpx.Request:
        """What STS is asked for the keys of the role."""
        role: dict[str, object] = {"RoleArn": self._settings.role_arn, "RoleSessionName": SESSION}
        if self._settings.external_id:
            role["ExternalId"] = self._settings.external_id
        place = placed("sts", self._settings)
        if file := self._settings.web_identity_token_file:
            role["WebIdentityToken"] = _text(file)
            return _request(place, self._operation, role)
        request = _request(place, self._operation, role)
        sign(request, self._own, "sts", place.region)
        return request

    def take(self, response: httpx.Response) -> None:
        """Raises CredentialDenied if STS does not give us the role."""
        sts, operation = service("sts"), self._operation
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise TryAgain(f"sts:{operation}: {response.status_code}")
        if not response.is_success:
            code = sts.code(operation, response.status_code, response.content)
            raise CredentialDenied(
                f"sts:{operation}: {response.status_code} {code}".rstrip(),
                f"sts:{operation}",
                "let the role's trust policy name this credential, with its external_id",
            )
        given = sts.read(operation, response.content).get("Credentials")
        if not given:
            raise Unrecognised(f"sts:{operation}: no credentials came")
        self._until = given["Expiration"]
        self._taken = ReadOnlyCredentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        )

    @property
    def _operation(self) -> str:
        by_file = self._settings.web_identity_token_file is not None
        return "AssumeRoleWithWebIdentity" if by_file else "AssumeRole"


class SigV4(httpx.Auth):
    """Signs what goes to one service; asks for the keys first where they have run out."""

    def __init__(self, keys: Keys, name: str, region: str) -> None:
        self._keys = keys
        self._name = name
        self._region = region

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if self._keys.stale:
            response = yield self._keys.question()
            await response.aread()
            self._keys.take(response)
        sign(request, self._keys.current, self._name, self._region)
        yield request


def sign(request: httpx.Request, keys: ReadOnlyCredentials, name: str, region: str) -> None:
    """Put the signature into the headers of the request."""
    signed = {
        name: value
        for name, value in request.headers.items()
        if name in ("content-type", "x-amz-target")
    }
    made = AWSRequest(request.method, str(request.url), signed, request.content)
    SigV4Auth(keys, name, region).add_auth(made)
    request.headers.update({key: made.headers[key] for key in made.headers if key not in signed})


def placed(name: str, settings: AwsSettings) -> Place:
    """Where a service is asked: at `base_url`, if there is one, or at AWS."""
    place = service(name).place(settings.region)
    return Place(settings.base_url, place.region) if settings.base_url else place


def _own(settings: AwsSettings) -> ReadOnlyCredentials:
    secret, session = settings.secret_access_key, settings.session_token
    return ReadOnlyCredentials(
        settings.access_key_id or "",
        secret.get_secret_value() if secret else "",
        session.get_secret_value() if session else None,
    )


def _request(place: Place, operation: str, parameters: dict[str, object]) -> httpx.Request:
    said = service("sts").say(operation, parameters)
    return httpx.Request("POST", place.url, headers=said.headers, content=said.content)


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError:
        raise CredentialDenied(
            "the web identity token cannot be read", "", "mend web_identity_token_file"
        ) from None
