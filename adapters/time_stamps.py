"""RFC 3161: an authority outside says by when our signed head was there.

The reply is kept as it came. rfc3161-client reads DER to the letter and refuses replies of TSAs
that `openssl ts` takes (certificates that are not in DER's order); those openssl checks.
"""

import asyncio
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from adapters.errors import Unrecognised
from adapters.http import Api

QUERY = "application/timestamp-query"
NOT_READ = (
    ValueError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)
GRANTED = {PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS}


class TimeStamps:
    """One time stamping authority. Without `ca_file` (PEM) its signature is not checked here.

    Raises ValueError for a URL or file that is none, OSError for a file that cannot be read.
    """

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        self._url = url
        self._ca_file = ca_file
        self._roots = x509.load_pem_x509_certificates(ca_file.read_bytes()) if ca_file else []
        self._api = Api(url)

    async def stamp(self, data: bytes) -> bytes:
        """The reply over the SHA-256 of `data`, DER, checked. Raises AdapterErrors."""
        request = TimestampRequestBuilder(data, HashAlgorithm.SHA256).build()
        reply = await self._api.send_bytes(
            request.as_bytes(),
            named="time-stamp",
            path=self._url,
            headers={"Content-Type": QUERY, "Accept": "application/timestamp-reply"},
            only_reads=True,
        )
        token: bytes = reply.body
        await self._check(token, request, data)
        return token

    async def close(self) -> None:
        await self._api.close()

    async def _check(self, token: bytes, request: TimeStampRequest, data: bytes) -> None:
        try:
            response = decode_timestamp_response(token)
            _must_answer(response, request, data)
            if self._roots:
                self._must_chain(response, request, data)
        except NOT_READ:  # parts of it are read when they are asked for
            await self._by_openssl(token, request)

    def _must_chain(
        self, response: TimeStampResponse, request: TimeStampRequest, data: bytes
    ) -> None:
        builder = VerifierBuilder.from_request(request)
        for root in self._roots:
            builder = builder.add_root_certificate(root)
        try:
            builder.build().verify_message(response, data)
        except VerificationError as why:
            raise Unrecognised(f"the time stamp does not hold: {why}") from None

    async def _by_openssl(self, token: bytes, request: TimeStampRequest) -> None:
        """Imprint, nonce, signature and chain, by the program that auditors use."""
        openssl = shutil.which("openssl")
        if openssl is None or self._ca_file is None:
            raise Unrecognised(
                "the time stamp cannot be read; with audit.time_stamps.ca_file and openssl "
                "installed, openssl would check it"
            )
        good = await asyncio.to_thread(_openssl_says, openssl, token, request, self._ca_file)
        if not good:
            raise Unrecognised("the time stamp does not hold: openssl ts -verify refuses it")


def _openssl_says(openssl: str, token: bytes, request: TimeStampRequest, ca_file: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        query, reply = Path(folder, "request.tsq"), Path(folder, "reply.tsr")
        query.write_bytes(request.as_bytes())
        reply.write_bytes(token)
        told: list[str | Path] = ["-queryfile", query, "-in", reply, "-CAfile", ca_file]
        done = subprocess.run(  # noqa: S603 - no shell, and no word of it is from outside
            [openssl, "ts", "-verify", *told], capture_output=True, check=False
        )
    return done.returncode == 0


def _must_answer(response: TimeStampResponse, request: TimeStampRequest, data: bytes) -> None:
    if response.status not in GRANTED:
        said = " ".join(response.status_string)
        raise Unrecognised(f"the authority did not grant a time stamp: {response.status} {said}")
    info = response.tst_info
    if info.message_imprint.message != hashlib.sha256(data).digest():
        raise Unrecognised("the time stamp is over something else than the signed head")
    if info.nonce != request.nonce:
        raise Unrecognised("the time stamp answers another request than ours")
