"""A real time stamping authority on loopback: `openssl ts` behind a few lines of HTTP."""

import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.serving import served

CONFIG = """
[ req ]
distinguished_name = name
[ name ]
[ ca ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ tsa ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ stamping ]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Its folder holds `ca.pem`. `spoil` changes what it answers."""

    folder: Path
    spoil: Callable[[bytes], bytes] = lambda reply: reply
    queries: list[bytes] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        (self.folder / "ts.conf").write_text(CONFIG)
        (self.folder / "serial").write_text("01\n")
        ec = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"
        self.openssl(f"{ec} -out ca.key")
        self.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out tsa.key")
        new = "req -config ts.conf -new"
        self.openssl(f"{new} -x509 -key ca.key -subj /CN=ca -days 30 -extensions ca -out ca.pem")
        self.openssl(f"{new} -key tsa.key -subj /O=Practice/CN=tsa.practice.example -out tsa.csr")
        self.openssl(
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 "
            "-extfile ts.conf -extensions tsa -out tsa.pem"
        )

    def send_chain(self) -> None:
        """Its CA's certificate behind its own, which is longer: an order that DER does not have."""
        (self.folder / "ts.conf").write_text(f"{CONFIG}certs = ca.pem\n")

    def openssl(self, command: str, *, fails: bool = False) -> str:
        done = subprocess.run(
            ["openssl", *command.split()], cwd=self.folder, capture_output=True, check=False
        )
        assert (done.returncode != 0) is fails, done.stderr.decode()
        return done.stdout.decode()

    def reply(self, query: bytes) -> bytes:
        self.queries.append(query)
        (self.folder / "query.tsq").write_bytes(query)
        self.openssl(
            "ts -reply -config ts.conf -section stamping -queryfile query.tsq -out reply.tsr"
        )
        return self.spoil((self.folder / "reply.tsr").read_bytes())


@asynccontextmanager
async def authority(folder: Path) -> AsyncIterator[Authority]:
    made = Authority(folder)

    async def stamp(request: Request) -> Response:
        assert request.headers["content-type"] == "application/timestamp-query"
        return Response(made.reply(await request.body()), media_type="application/timestamp-reply")

    app = Starlette(routes=[Route("/tsr", stamp, methods=["POST"])])
    async with served(app) as url:
        made.url = f"{url}/tsr"
        yield made
