"""Every type of event that the code can record, found in the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from adapters.actions import Action

ROOT = Path(__file__).parents[1]


def emitted() -> set[str]:
    """Raises AssertionError for a type that is made in a way that is not understood here."""
    found: set[str] = set()
    for folder in ("app", "workflows"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            for call in filter(_makes_an_event, ast.walk(tree)):
                told = call.args[0]
                if isinstance(told, ast.Name):
                    found.update(_looks_like_one(tree))
                else:
                    found.update(_types(told, f"{path}:{call.lineno}"))
    return found


def _looks_like_one(tree: ast.AST) -> Iterator[str]:
    """For a type that is handed in: every text of the file that can be one."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", node.value)
        ):
            yield node.value


def _makes_an_event(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and (
        isinstance(node.func, ast.Name) and node.func.id == "Event" and bool(node.args)
    )


def _types(told: ast.expr, where: str) -> Iterator[str]:
    match told:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _types(one, where)
            yield from _types(other, where)
        case ast.JoinedStr(values=parts):
            endings = [""]
            for part in parts:
                endings = [end + more for end in endings for more in _part(part, where)]
            yield from endings
        case _:
            raise AssertionError(f"{where}: name the type of an event where it is made")


def _part(part: ast.expr, where: str) -> list[str]:
    """A verb, given back or not, is the only thing that a type is made of by a function."""
    match part:
        case ast.Constant():
            return list(_types(part, where))
        case ast.FormattedValue(value=ast.Call(func=ast.Name(id="verb_of"))):
            return [f"{way}{verb}" for verb in Action for way in ("", "restore.")]
        case ast.FormattedValue(value=ast.IfExp() as choice):
            return list(_types(choice, where))
        case _:
            raise AssertionError(f"{where}: a type of event must be told here")
