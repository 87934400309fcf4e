"""A real rsyslog beside the tests: TLS with certificates of its own, on loopback."""

import json
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.clock import Clock

START_SECONDS = 20
GNUTLS = "rsyslog/lmnsd_gtls.so"
CLIENT = "exeunt.acme.example"


@dataclass
class Authority:
    """Signs certificates. `name` shows in them; its own certificate is `NAME.pem`."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        made = _certificate(self.name, self.name, self.key, self.key, ca=True)
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def sign(self, subject: str) -> Path:
        """A PEM file with a certificate for this name or address, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(subject, self.name, key, self.key, ca=False)
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        file = self.folder / f"{self.name}-{subject}.pem"
        file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
        return file


def _certificate(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
) -> x509.Certificate:
    now = Clock().now()
    names: list[x509.GeneralName] = [x509.DNSName(subject)]
    with suppress(ValueError):
        names = [x509.IPAddress(ip_address(subject))]
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


@dataclass
class Rsyslog:
    """`mutual` lets in only clients with a certificate of its authority for CLIENT.

    Messages are written before the next are read (a queue of the kind Direct), as docs/siem.md
    advises: what it has taken is in its file, even if it is killed.
    """

    folder: Path
    mutual: bool = False
    port: int = 0
    plain: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.authority = Authority(self.folder, "collector-ca")
        self.certificate = self.authority.sign("127.0.0.1")
        self.port, self.plain = _free_port(), _free_port()

    @property
    def file(self) -> Path:
        return self.folder / "siem.log"

    def start(self) -> None:
        config = self.folder / "rsyslog.conf"
        config.write_text(self._config())
        with (self.folder / "rsyslog.out").open("ab") as out:
            command = ["rsyslogd", "-n", "-f", str(config), "-i", "NONE"]
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        until = time.monotonic() + START_SECONDS
        for port in (self.port, self.plain):
            while not _answers(port):
                said = (self.folder / "rsyslog.out").read_text(errors="replace")
                assert self.process.poll() is None, said[-2000:]
                assert time.monotonic() < until, said[-2000:]
                time.sleep(0.02)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(START_SECONDS)
        self.process = None

    def messages(self) -> list[dict[str, Any]]:
        """What is in its file, as it understood each message."""
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text("utf-8").splitlines()]

    def _config(self) -> str:
        who = (
            f'streamDriver.authMode="x509/name" permittedPeer=["{CLIENT}"]'
            if self.mutual
            else 'streamDriver.authMode="anon"'
        )
        names = ("pri", "hostname", "app-name", "msgid", "structured-data", "msg")
        properties = " ".join(
            f'property(outname="{name}" name="{name}" format="jsonf") constant(value=",")'
            for name in names
        )
        return f"""
global(workDirectory="{self.folder}" maxMessageSize="128k"
  defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="{self.authority.file}"
  defaultNetstreamDriverCertFile="{self.certificate}"
  defaultNetstreamDriverKeyFile="{self.certificate}")
main_queue(queue.type="Direct")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" {who})
module(load="imptcp")
input(type="imtcp" port="{self.port}" address="127.0.0.1")
input(type="imptcp" port="{self.plain}" address="127.0.0.1")
template(name="whole" type="list") {{
  constant(value="{{") {properties}
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  constant(value="}}\\n")
}}
action(type="omfile" file="{self.file}" template="whole")
"""


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
