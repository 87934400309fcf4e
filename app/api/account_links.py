"""Somebody's word that an account is a person's, one by one or as a CSV file."""

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlmodel import col, select

from app.deps import Operator, Reader, WorldDep
from app.errors import Problem
from workflows.links import LinkRow, import_csv, store_links
from workflows.tables import AccountLink

router = APIRouter(prefix="/account-links", tags=["Account links"])


class LinkIn(BaseModel):
    """A link by employee number, by address, or by both."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    system: str = Field(examples=["github"])
    account: str = Field(min_length=1, max_length=500, examples=["mokafor"])
    employee_number: str = Field("", max_length=100, examples=["1207"])
    address: str = Field("", max_length=320)

    @model_validator(mode="after")
    def _whose(self) -> "LinkIn":
        if not (self.employee_number or self.address):
            raise ValueError("say whose it is: employee_number or address")
        return self


class LinkOut(BaseModel):
    id: str
    system: str
    account: str
    employee_number: str
    address: str


class LinkPage(BaseModel):
    items: list[LinkOut]
    next_cursor: str | None


class Imported(BaseModel):
    stored: int
    known_already: int


@router.get("")
async def list_links(
    world: WorldDep,
    _caller: Reader,
    system: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> LinkPage:
    query = select(AccountLink)
    if system:
        query = query.where(AccountLink.system == system)
    if cursor:
        query = query.where(col(AccountLink.id) > cursor)
    async with world.store.read() as session:
        rows = (await session.exec(query.order_by(col(AccountLink.id)).limit(limit + 1))).all()
    page = [LinkOut(**row.model_dump(include=set(LinkOut.model_fields))) for row in rows[:limit]]
    return LinkPage(items=page, next_cursor=page[-1].id if len(rows) > limit else None)


@router.post("", status_code=201, responses={404: {"model": Problem}})
async def add_link(body: LinkIn, world: WorldDep, caller: Operator) -> Imported:
    """A repeat is known already and changes nothing."""
    row = LinkRow(body.system, body.account, body.employee_number, body.address)
    stored = await store_links(world, [row], caller)
    return Imported(stored=stored, known_already=1 - stored)


@router.post("/import", responses={422: {"model": Problem}})
async def import_links(
    world: WorldDep,
    caller: Operator,
    body: Annotated[
        bytes,
        Body(
            media_type="text/csv",
            openapi_examples={
                "two": {"value": "system,account,employee_number,address\ngithub,mokafor,1207,\n"}
            },
        ),
    ],
) -> Imported:
    """A CSV file with the columns system, account, employee_number, address: all lines or none."""
    rows, stored = await import_csv(world, body, caller)
    return Imported(stored=stored, known_already=rows - stored)
