"""HR systems call here. The signature is over the raw bytes, so they are read before anything."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from app.deps import WorldDep
from app.errors import Problem
from workflows.errors import NotFound
from workflows.intake import receive

router = APIRouter(tags=["HR"])


class ReceiptOut(BaseModel):
    """Equal for every repeat of one delivery."""

    receipt_id: str = Field(examples=["rcpt_01J7Z0EXAMPLE0000000000001"])


@router.post(
    "/hr/{connection}/events",
    status_code=202,
    responses={401: {"model": Problem}, 400: {"model": Problem}, 503: {"model": Problem}},
)
async def take_event(
    connection: Annotated[str, Path(examples=["people"])], request: Request, world: WorldDep
) -> ReceiptOut:
    """Take one signed delivery: durably stored when this answers 202, acted on right after."""
    if connection not in world.hr:
        raise NotFound(
            "there is no HR connection of this name",
            "Compare the URL with the names under `hr:` in exeunt.yaml.",
        )
    body = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    receipt = await receive(world, connection, headers, body)
    return ReceiptOut(receipt_id=receipt.receipt_id)
