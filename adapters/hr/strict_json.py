"""JSON from outside, read so that one text has one meaning."""

import json
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from adapters.hr.contract import Unreadable

M = TypeVar("M", bound=BaseModel)


def strict_json(body: bytes) -> Any:
    """Raises Unreadable for what is no JSON, for NaN, a key given twice, and bottomless depth."""
    try:
        return json.loads(body, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except RecursionError:
        raise Unreadable("the body is nested too deeply") from None
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except json.JSONDecodeError as why:
        place = f"line {why.lineno}, column {why.colno}"
        raise Unreadable(f"the body is not JSON ({place})") from None
    except ValueError:
        raise Unreadable("the body holds a number that is too long") from None


def fit(model: type[M], value: Any) -> M:
    """Raises Unreadable naming the first field that does not fit, never what stood there."""
    try:
        return model.model_validate(value)
    except ValidationError as why:
        first = why.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        message = str(first["msg"]).removeprefix("Value error, ")
        raise Unreadable(f"{field or 'the body'}: {message}", field) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Which one is not said: a key may be anything, somebody's address included.
        raise Unreadable("a key is there twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is no JSON")
