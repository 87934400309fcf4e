"""`exeunt audit export --resume`: cut anywhere, it goes on behind the last whole event."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli.audit import cli
from app.cli.audit.partial import TAIL, Kept, whole_part
from tests.conftest import NOON
from tests.rows import HOSTILE, row
from workflows.errors import Invalid
from workflows.ledger.events import Actor, Event
from workflows.ledger.formats import FORMATS, format_named
from workflows.ledger.tables import Head, Leaf

ROWS = [
    row(Event("x.done", data={"text": text}, actor=Actor("person", text)), n)
    for n, text in enumerate((*HOSTILE, "x" * 2000, "\r\n" * 30, '"\r\n"'))
]
ENDS = {
    form: [
        len(format_named(form).header) + len(format_named(form).encode(ROWS[:n]))
        for n in range(1, len(ROWS) + 1)
    ]
    for form in FORMATS
}


def written(form: str) -> bytes:
    made = format_named(form)
    return made.header + made.encode(ROWS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("partial")


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=150)
@given(st.data())
def test_cut_at_any_byte_what_is_kept_ends_with_a_whole_event(
    folder: Path, form: str, draw: st.DataObject
) -> None:
    whole = written(form)
    cut = draw.draw(st.integers(0, len(whole)))
    path = folder / f"{form}.partial"
    path.write_bytes(whole[:cut])
    kept = whole_part(path, form)
    ended = [end for end in ENDS[form] if end <= cut]
    assert kept.size == (ended[-1] if ended else 0)
    if ended:
        last = str(len(ended) - 1) if form == "csv" else f"evt_{len(ended) - 1}"
        assert kept.cursor == last
    else:
        assert kept == Kept()


@pytest.mark.parametrize("form", FORMATS)
def test_only_the_end_of_a_large_file_is_looked_at(folder: Path, form: str) -> None:
    made = format_named(form)
    path = folder / "large"
    many = -(-2 * TAIL // len(made.encode(ROWS)))
    path.write_bytes(made.header + made.encode(ROWS * many) + b'"cut')
    kept = whole_part(path, form)
    assert kept.size == path.stat().st_size - 4
    assert kept.cursor in (f"evt_{len(ROWS) - 1}", str(len(ROWS) - 1))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("jsonl", b"no json\n"),
        ("jsonl", b"7\n"),
        ("jsonl", b'{"id":"sk_live"}\n'),
        ("ocsf", b'{"id":"evt_1"}\n'),
        ("cef", b"<13>Nov 1 host CEF:0\n"),
        ("csv", b'"name","address"\r\n"Ada","here"\r\n'),
    ],
)
def test_a_file_of_another_kind_is_refused_and_left_alone(
    folder: Path, form: str, text: bytes
) -> None:
    path = folder / "other"
    path.write_bytes(text)
    with pytest.raises(Invalid, match="is no event as"):
        whole_part(path, form)
    assert path.read_bytes() == text


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with the rows above in its log, as the command finds it."""
    url = f"sqlite:///{tmp_path / 'exeunt.db'}"
    monkeypatch.setenv("EXEUNT_DATABASE_URL", url)
    assert CliRunner().invoke(cli, ["export"]).exit_code == 0  # makes the tables
    leaves = [
        {"idx": r.idx, "id": f"evt_{r.idx}", "d": r.d, "lh": r.lh, "time": NOON, "type": "x.done"}
        for r in ROWS
    ]
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.insert(Leaf), leaves)
        connection.execute(sa.update(Head).values(size=len(leaves)))
    engine.dispose()
    return tmp_path


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_resumes_to_the_very_same_bytes(log: Path, form: str) -> None:
    out, partial = log / "out", log / "out.partial"
    partial.write_bytes(written(form)[: ENDS[form][5] + 7])
    done = CliRunner().invoke(cli, ["export", "--format", form, "--out", str(out), "--resume"])
    assert done.exit_code == 0, done.output
    assert out.read_bytes() == written(form)
    assert not partial.exists()
    assert re.search(rf"{len(ROWS) - 6} events after \S+ of a log of {len(ROWS)}", done.stderr)


def test_without_resume_a_partial_is_begun_anew(log: Path) -> None:
    (log / "out.partial").write_bytes(b"rubbish")
    done = CliRunner().invoke(cli, ["export", "--out", str(log / "out")])
    assert done.exit_code == 0, done.output
    assert (log / "out").read_bytes() == written("jsonl")


def test_a_partial_of_another_log_is_refused_and_kept(log: Path) -> None:
    partial = log / "out.partial"
    partial.write_bytes(format_named("jsonl").encode([row(Event("x.done"), 999)]))
    before = partial.read_bytes()
    done = CliRunner().invoke(cli, ["export", "--out", str(log / "out"), "--resume"])
    assert isinstance(done.exception, Invalid)
    assert "there is no event evt_999 in this log" in str(done.exception.message)
    assert partial.read_bytes() == before
    assert not (log / "out").exists()


def test_there_is_nothing_to_resume_on_standard_output(log: Path) -> None:
    done = CliRunner().invoke(cli, ["export", "--resume"])
    assert done.exit_code == 2
    assert "without --out" in done.output
