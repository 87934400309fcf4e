"""Read a vendor's answer as what the adapter knows, or say that it is something else."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.errors import Unrecognised

M = TypeVar("M", bound=BaseModel)


class Answer(BaseModel):
    """Base of what is read from a vendor: only the keys that count, the rest is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


def read_as(model: type[M], body: Any) -> M:
    """Raises Unrecognised naming the place that does not fit, never what stood there."""
    try:
        return model.model_validate(body)
    except ValidationError as why:
        first = why.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        raise Unrecognised(f"an answer does not fit: {place}: {first['type']}") from None
