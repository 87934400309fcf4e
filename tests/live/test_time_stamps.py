"""RFC 3161 against `openssl ts`, which others wrote: both ways, and with what is wrong."""

import hashlib
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from adapters.errors import AdapterError, TryAgain, Unrecognised
from adapters.time_stamps import TimeStamps
from tests.sealed_logs import LOG, Log, a_case_pack, as_folder, sealed
from tests.time_authority import Authority, authority
from workflows.ledger import verify

pytestmark = [pytest.mark.live, pytest.mark.slow]

NOTE = Log([b"one", b"two", b"three"]).checkpoint().encode()


@pytest.fixture
async def tsa(tmp_path: Path) -> AsyncIterator[Authority]:
    async with authority(tmp_path) as made:
        yield made


@asynccontextmanager
async def client(tsa: Authority, ca_file: str | None = "ca.pem") -> AsyncIterator[TimeStamps]:
    made = TimeStamps(tsa.url, tsa.folder / ca_file if ca_file else None)
    try:
        yield made
    finally:
        await made.close()


async def refused(tsa: Authority, ca_file: str | None = "ca.pem") -> AdapterError:
    async with client(tsa, ca_file) as stamps:
        with pytest.raises(Unrecognised) as why:
            await stamps.stamp(NOTE)
    return why.value


@pytest.mark.parametrize("ca_file", ["ca.pem", None])
async def test_a_stamp_is_what_openssl_and_the_verifier_take_too(
    tsa: Authority, ca_file: str | None
) -> None:
    async with client(tsa, ca_file) as stamps:
        token = await stamps.stamp(NOTE)
    digest, at = verify.time_stamp(token)
    assert digest == hashlib.sha256(NOTE).digest()
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
    (tsa.folder / "checkpoint.log").write_bytes(NOTE)
    (tsa.folder / "checkpoint.tsr").write_bytes(token)
    command = "ts -verify -data checkpoint.log -in checkpoint.tsr -CAfile ca.pem"
    tsa.openssl(command)
    (tsa.folder / "checkpoint.log").write_bytes(NOTE + b" ")
    tsa.openssl(command, fails=True)


async def test_a_pack_with_a_stamp_is_checked_or_left_to_people(
    tsa: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = a_case_pack()
    async with client(tsa) as stamps:
        token = await stamps.stamp(files["checkpoint.log"])
        other = await stamps.stamp(files["checkpoint"])
    pack = str(as_folder(tmp_path / "pack", sealed({**files, "checkpoint.tsr": token})))
    told = ["pack", pack, "--key", LOG.vkey]
    assert verify.main([*told, "--tsa-ca", str(tsa.folder / "ca.pem")]) == 0
    assert "the tree head was there by" in capsys.readouterr().out
    assert verify.main(told) == 3
    shown = capsys.readouterr().out
    [command] = [line for line in shown.splitlines() if line.startswith("openssl ts")]
    (tmp_path / "pack" / "TSA-CA.pem").write_bytes((tsa.folder / "ca.pem").read_bytes())
    done = subprocess.run(command.split(), cwd=pack, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    (tmp_path / "pack" / "TSA-CA.pem").unlink()
    stranger = Path(pack, "checkpoint.log")  # no certificate at all
    assert verify.main([*told, "--tsa-ca", str(stranger)]) == 1
    as_folder(tmp_path / "pack", sealed({**files, "checkpoint.tsr": other}))
    assert verify.main([*told, "--tsa-ca", str(tsa.folder / "ca.pem")]) == 1
    assert "stamps something else" in capsys.readouterr().out


async def test_it_asks_with_a_nonce_and_for_the_certificate_over_sha_256(tsa: Authority) -> None:
    async with client(tsa) as stamps:
        await stamps.stamp(NOTE)
        await stamps.stamp(NOTE)
    first, second = tsa.queries
    assert first != second
    said = tsa.openssl("ts -query -in query.tsq -text")
    assert "Hash Algorithm: sha256" in said
    assert "Certificate required: yes" in said
    assert "Nonce: 0x" in said


async def test_what_the_strict_parser_refuses_openssl_checks(tsa: Authority) -> None:
    tsa.send_chain()
    async with client(tsa) as stamps:
        token = await stamps.stamp(NOTE)
    assert verify.time_stamp(token)[0] == hashlib.sha256(NOTE).digest()
    assert "cannot be read" in (await refused(tsa, None)).message
    tsa.spoil = lambda reply: reply[:-1] + bytes([reply[-1] ^ 1])
    assert "openssl ts -verify refuses" in (await refused(tsa)).message


async def test_a_stamp_for_an_earlier_request_is_refused(tsa: Authority) -> None:
    old: list[bytes] = []
    tsa.spoil = lambda reply: old.append(reply) or old[0]  # type: ignore[func-returns-value]
    for ca_file in ("ca.pem", None):
        async with client(tsa, ca_file) as stamps:
            if not old:
                await stamps.stamp(NOTE)
        assert "another request" in (await refused(tsa, ca_file)).message


async def test_a_stamp_over_another_head_is_refused(tsa: Authority) -> None:
    async with client(tsa) as stamps:
        other = await stamps.stamp(NOTE + b"other")
    tsa.spoil = lambda _: other
    for ca_file in ("ca.pem", None):
        assert "something else" in (await refused(tsa, ca_file)).message


async def test_a_stamp_of_a_stranger_is_refused(tsa: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with authority(tmp_path / "other") as stranger, client(stranger) as stamps:
        token = await stamps.stamp(NOTE)
        tsa.spoil = lambda _: stranger.reply(tsa.queries[-1])
        assert "does not hold" in (await refused(tsa)).message
        assert token


@pytest.mark.parametrize("reply", [b"", b"<html>no</html>", b"0\x03\x02\x01\x02", b"\x30" * 70_000])
async def test_what_is_no_stamp_is_refused(tsa: Authority, reply: bytes) -> None:
    tsa.spoil = lambda _: reply
    for ca_file in ("ca.pem", None):
        await refused(tsa, ca_file)


async def test_no_change_of_a_byte_changes_what_a_stamp_says(tsa: Authority) -> None:
    """CMS does not sign versions and names of algorithms around what it signs."""
    request = TimestampRequestBuilder(NOTE, HashAlgorithm.SHA256).build()
    token = tsa.reply(request.as_bytes())
    async with client(tsa) as stamps:
        await stamps._check(token, request, NOTE)
        taken = []
        for at in range(len(token)):
            changed = token[:at] + bytes([token[at] ^ 0x10]) + token[at + 1 :]
            with suppress(Unrecognised):
                await stamps._check(changed, request, NOTE)
                taken.append(changed)
    assert len(taken) < len(token) / 50
    assert {verify.time_stamp(one) for one in taken} == {verify.time_stamp(token)}


async def test_an_authority_that_is_not_there_is_tried_again() -> None:
    stamps = TimeStamps("http://127.0.0.1:9/tsr")
    with pytest.raises(TryAgain):
        await stamps.stamp(NOTE)
    await stamps.close()
