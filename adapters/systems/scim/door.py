"""A SCIM service in its vendor's dialect: how it is asked, paged and written to."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from adapters.budget import Budget
from adapters.clock import Clock
from adapters.errors import NeedsHuman, Unrecognised
from adapters.http import Api
from adapters.nouns import Person
from adapters.reading import read_as
from adapters.systems.scim.shapes import Group, Page, User
from adapters.systems.scim.vendors import Key, Leave, Vendor, Way

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
JSON_TYPE = "application/scim+json"
PAGE = 100
REFUSED = frozenset({400, 403, 404, 405, 501})
"""A server that does not know a filter, a path or a method may say so with any of these."""
GROUPS = "docs/runbooks/scim-groups.md"
NOT_SO = frozenset({400, 405, 501})
"""How a server refuses a way of writing."""


class ScimApi(Api):
    """Api that speaks one vendor's SCIM. `headers` come on top of SCIM's own."""

    def __init__(self, base_url: str, vendor: Vendor, clock: Clock, **more: Any) -> None:
        super().__init__(
            base_url,
            headers={"Accept": f"{JSON_TYPE}, application/json", "Content-Type": JSON_TYPE},
            budget=Budget(vendor.rates, clock) if vendor.rates else None,
            **more,
        )
        self.vendor = vendor

    def questions(self, person: Person) -> list[str] | None:
        """The filters that find a person; None if no set of them could, so that all are listed."""
        asked = [(key, value) for key, value in _keys(person) if key not in self.vendor.absent]
        known = self.vendor.filters
        if known is not None and any(key not in known for key, _ in asked):
            return None
        return [f"{key} eq {quoted(value)}" for key, value in asked]

    async def search(self, text: str) -> list[User] | None:
        """Everybody whom a filter offers; None if the server refuses the question."""
        first = await self._first("/Users", text)
        if first is None:
            return None
        return [read_as(User, body) async for body in self.pages("/Users", text, first)]

    async def by_id(self, link: str) -> list[User]:
        reply = await self.send("GET", at("Users", link), codes=frozenset({400, 404}))
        return [] if reply.status != httpx.codes.OK else [read_as(User, reply.body)]

    async def groups(self, user: str) -> list[Group] | None:
        """By a filter, because `User.groups` is often empty. None: the server cannot say."""
        text = f"members.value eq {quoted(user)}"
        first = await self._first("/Groups", text)
        if first is None:
            return None
        return [read_as(Group, body) async for body in self.pages("/Groups", text, first)]

    async def pages(
        self, path: str, text: str = "", first: Page | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Every resource. `startIndex` counts from 1, and a server may give less than `count`."""
        asked: dict[str, str | int] = {"filter": text} if text else {}
        start, seen, page = 1, "", first or await self._page(path, asked, 1)
        while page.resources:
            top = str(page.resources[0].get("id"))
            if top == seen:
                raise Unrecognised(f"GET {path}: the server gives the same page again and again")
            for resource in page.resources:
                yield resource
            start, seen = start + len(page.resources), top
            if start > page.total:
                return
            page = await self._page(path, asked, start)
        if start <= page.total:
            raise Unrecognised(f"GET {path}: {page.total} were announced, fewer came")

    async def set_active(self, user: User, body: dict[str, Any], *, active: bool) -> None:
        """In the first of the vendor's ways that works."""
        headers = {"If-Match": user.meta.version} if user.meta.version else None
        value = str(active) if isinstance(body.get("active"), str) else active
        refused = False
        for way in self.vendor.ways:
            if way in (Way.PATH, Way.VALUE):
                if not refused:
                    status = await self._patch_active(user.id, way, value, headers)
                    if status < httpx.codes.BAD_REQUEST:
                        return
                    refused = status != httpx.codes.BAD_REQUEST
            elif way is Way.DELETE:
                await self.delete(at("Users", user.id), gone_ok=True)
                return
            else:
                # What PUT leaves out is erased: all goes back but what only the server writes.
                kept = {k: v for k, v in body.items() if k not in ("meta", "groups")}
                whole = kept | {"active": value}
                await self.send("PUT", at("Users", user.id), body=whole, headers=headers)
                return
        raise Unrecognised("PATCH /Users: none of the known ways to write `active` is understood")

    async def leave(self, group: str, user: str) -> None:
        """Take a member out of a group. Raises NeedsHuman if no way that harms nobody works.

        A list of values is used only where the vendor documents it: a server that heeds the path
        alone (RFC 7644 section 3.5.2.2) would take everybody out.
        """
        for way in self.vendor.leaves:
            operation: dict[str, object] = {"op": "remove", "path": "members"}
            if way is Leave.PATH:
                operation["path"] = f"members[value eq {quoted(user)}]"
            else:
                operation["value"] = [{"value": user}]
            codes = frozenset({400, 404})
            reply = await self.send("PATCH", at("Groups", group), body=_op(operation), codes=codes)
            if reply.status != httpx.codes.BAD_REQUEST:
                return
        raise NeedsHuman("PATCH /Groups: a member cannot be taken out without the others", GROUPS)

    async def join(self, group: str, user: str) -> None:
        add = {"op": "add", "path": "members", "value": [{"value": user}]}
        await self.patch(at("Groups", group), _op(add))

    async def _patch_active(
        self, user: str, way: Way, value: object, headers: dict[str, str] | None
    ) -> int:
        operation: dict[str, object] = {"op": "replace", "value": {"active": value}}
        if way is Way.PATH:
            operation = {"op": "replace", "path": "active", "value": value}
        path = at("Users", user)
        reply = await self.send("PATCH", path, body=_op(operation), headers=headers, codes=NOT_SO)
        return reply.status

    async def _first(self, path: str, text: str) -> Page | None:
        """The first page; None if the server refuses the question."""
        params: dict[str, str | int] = {"filter": text, "startIndex": 1, "count": PAGE}
        reply = await self.send("GET", path, params=params, codes=REFUSED)
        return read_as(Page, reply.body) if reply.status == httpx.codes.OK else None

    async def _page(self, path: str, asked: dict[str, str | int], start: int) -> Page:
        params = {**asked, "startIndex": start, "count": PAGE}
        return read_as(Page, (await self.send("GET", path, params=params)).body)


def _keys(person: Person) -> Iterator[tuple[Key, str]]:
    if person.employee_number:
        yield Key.NUMBER, person.employee_number
        yield Key.OUTSIDE, person.employee_number
    for address in person.addresses:
        yield Key.LOGIN, address
        yield Key.MAIL, address
    for link in person.links:
        yield Key.LOGIN, link


def _op(operation: Mapping[str, object]) -> dict[str, object]:
    return {"schemas": [PATCH_OP], "Operations": [operation]}


def quoted(value: str) -> str:
    """RFC 7644 section 3.4.2.2: values are JSON strings."""
    return json.dumps(value, ensure_ascii=False)


def at(resource: str, identifier: str) -> str:
    return f"/{resource}/{quote(identifier, safe='')}"
