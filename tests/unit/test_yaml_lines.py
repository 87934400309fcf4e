"""Files that people write: every complaint has its line, its key, and never a secret."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from workflows.yaml_lines import BadYaml, parse


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int
    names: tuple[str, ...] = ()


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    things: dict[str, Inner] = {}
    note: str | None = None


def complaint(text: str) -> str:
    with pytest.raises(BadYaml) as why:
        parse(text, "f.yaml").validate(Outer)
    return str(why.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("things:\n  a:\n    count: x\n", "f.yaml:3: things.a.count: "),
        ("things:\n  HR (old):\n    count: x\n", "f.yaml:3: things.HR (old).count: "),
        ("things:\n  a: {}\n", "f.yaml:2: things.a.count: is missing"),
        ("things:\n  a:\n    count: 1\n    names: [x, [y]]\n", "f.yaml:4: things.a.names.1: "),
        ("things:\r\n  a:\r\n    count: x\r\n", "f.yaml:3: things.a.count: "),
        ("- note\n", "f.yaml:1: the file: "),
        ("", "f.yaml:1: the file: "),
        ("things:\n  a:\n    count: 1\n    cuont: 2\n", "f.yaml:4: things.a.cuont: there is no"),
        ("note: a\nnote: b\n", "f.yaml:2: note: is there twice, first in line 1"),
        ("a: &x [1]\nb: *x\n", "f.yaml:2: the file: aliases"),
        ("things:\n  a: {count: 1}\n  a: {count: 2}\n", "f.yaml:3: things.a: is there twice"),
        ("note: a\n---\nnote: b\n", "f.yaml:2: the file: this is not YAML"),
        ("things:\n  a:\n    - x: &b [1]\n      y: [*b, *b]\n", "f.yaml:4: the file: aliases"),
        ("note:\n" + "- " * 50 + "x\n", "f.yaml:2: the file: is nested deeper than 20"),
        ("note: [" + "[" * 50 + "]" * 50 + "]\n", "is nested deeper than 20"),
        ("note: 'a\n", "this is not YAML"),
        ("note:\tx: y\n", "this is not YAML"),
        ("? [a]\n: b\n", "a key must be a plain text"),
        ("note: " + "x" * 300_000, "is larger than"),
        ("\x00", "this is not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, said: str) -> None:
    assert said in complaint(text)


def test_every_mistake_is_named_at_once() -> None:
    assert complaint("nte: x\nthings:\n  a: {count: x}\n").count("\n") == 1


def test_a_near_miss_is_guessed() -> None:
    assert "did you mean 'names'?" in complaint("things:\n  a: {count: 1, nams: [x]}\n")


def test_where_nothing_is_near_all_that_is_known_is_named() -> None:
    assert "known here: note, things" in complaint("colour: red\n")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_what_stands_in_quotes_comes_back_letter_for_letter(text: str) -> None:
    assert parse(yaml.safe_dump({"note": text}, default_style='"'), "f").value == {"note": text}


@given(st.text("ab:-[]{}!&*%@#'\" \n\t?|>$(,0", max_size=40))
def test_whatever_is_written_is_a_text_or_a_complaint_with_a_line(text: str) -> None:
    lines = text.count("\n") + 1
    try:
        found = list(parse(text, "f.yaml").lines.values())
    except BadYaml as why:
        found = [problem.line for problem in why.problems]
    assert found
    assert all(1 <= line <= lines for line in found)


def test_every_scalar_stays_as_it_was_written() -> None:
    value = parse("a: NO\nb: 0123\nc: 2026-01-01\nd: 1e3\ne: ~\nf: '~'\ng: yes\n", "f").value
    assert list(value.values()) == ["NO", "0123", "2026-01-01", "1e3", None, "~", "yes"]


def read(name: str) -> str:
    if name == "/run/secrets/x":
        return "from a file\n"
    if name == "/bin/x":
        return b"\xff".decode()
    raise FileNotFoundError(2, "No such file or directory")


def test_names_and_files_are_put_in_after_parsing() -> None:
    text = "a: ${NAME}\nb: x-${NAME}-y\nc: ${file:/run/secrets/x}\nd: $${NAME}\ne:\n  - ${NAME}\n"
    found = parse(text, "f").expanded({"NAME": "v: [w]"}, read).value
    assert found == {
        "a": "v: [w]",
        "b": "x-v: [w]-y",
        "c": "from a file",
        "d": "${NAME}",
        "e": ["v: [w]"],
    }


def test_every_name_that_is_missing_is_told_with_what_to_do() -> None:
    with pytest.raises(BadYaml) as why:
        parse("a: ${ONE}\nb:\n  c: ${file:/no}\nd: ['', '${file:/bin/x}']\n", "f.yaml").expanded(
            {}, read
        )
    assert str(why.value).splitlines() == [
        "f.yaml:1: a: the environment has no ONE; set it: export ONE=…",
        "f.yaml:3: b.c: cannot read /no: No such file or directory",
        "f.yaml:4: d.1: cannot read /bin/x: it holds no text",
    ]


def test_what_a_name_stands_for_is_not_looked_into_again() -> None:
    found = parse("a: ${ONE}\n${ONE}: b\n", "f").expanded({"ONE": "${TWO}"}, read).value
    assert found == {"a": "${TWO}", "${ONE}": "b"}


def test_a_part_of_a_file_knows_its_own_place_in_it() -> None:
    part = parse("note: x\nthings:\n  a:\n    cuont: 1\n    count: 2\n", "f.yaml").at("things", "a")
    with pytest.raises(BadYaml) as why:
        part.validate(Inner)
    assert str(why.value).startswith("f.yaml:4: things.a.cuont: ")


def test_a_value_never_shows_in_a_complaint() -> None:
    document = parse("things:\n  a: {count: '${SECRET}'}\n", "f").expanded(
        {"SECRET": "hunter2"}, read
    )
    with pytest.raises(BadYaml) as why:
        document.validate(Outer)
    assert "hunter2" not in str(why.value)


@pytest.mark.parametrize(
    "secret", ["!hunter2", "&hunter2", "!hunter!2", "!!hunter2 x", "&hunter2 x"]
)
def test_a_secret_that_yaml_would_take_for_a_mark_is_neither_lost_nor_shown(secret: str) -> None:
    said = complaint(f"things: {{}}\nnote: {secret}\n")
    assert said == "f.yaml:2: the file: a text that begins with ! or & must stand in quotes"


@pytest.mark.parametrize("secret", ["*hunter2", "%hunter2", "@hunter2", '"hunter2\\q"', "[hunter2"])
def test_a_secret_that_is_no_yaml_is_not_shown(secret: str) -> None:
    assert "hunter" not in complaint(f"note: {secret}\n")
