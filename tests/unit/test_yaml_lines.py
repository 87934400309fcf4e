"""Files that people write: every complaint has its line, its key, and never a secret."""

import pytest
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
        ("things:\n  a: {}\n", "f.yaml:2: things.a.count: is missing"),
        ("things:\n  a:\n    count: 1\n    cuont: 2\n", "f.yaml:4: things.a.cuont: there is no"),
        ("note: a\nnote: b\n", "f.yaml:2: note: is there twice, first in line 1"),
        ("a: &x [1]\nb: *x\n", "f.yaml:2: the file: aliases"),
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


def test_every_scalar_stays_as_it_was_written() -> None:
    value = parse("a: NO\nb: 0123\nc: 2026-01-01\nd: 1e3\ne: ~\nf: '~'\ng: yes\n", "f").value
    assert list(value.values()) == ["NO", "0123", "2026-01-01", "1e3", None, "~", "yes"]


def read(name: str) -> str:
    if name == "/run/secrets/x":
        return "from a file\n"
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
        parse("a: ${ONE}\nb:\n  c: ${file:/no}\n", "f.yaml").expanded({}, read)
    assert str(why.value).splitlines() == [
        "f.yaml:1: a: the environment has no ONE; set it: export ONE=…",
        "f.yaml:3: b.c: cannot read /no: No such file or directory",
    ]


def test_a_value_never_shows_in_a_complaint() -> None:
    document = parse("things:\n  a: {count: '${SECRET}'}\n", "f").expanded(
        {"SECRET": "hunter2"}, read
    )
    with pytest.raises(BadYaml) as why:
        document.validate(Outer)
    assert "hunter2" not in str(why.value)
