"""Lists and changes of RFC 7644, for vendors whose SCIM is one half of what they are.

Whoever is nothing but SCIM is reached by the `scim` adapter.
"""

from collections.abc import AsyncIterator
from typing import Any

from adapters.errors import Unrecognised
from adapters.http import Api
from adapters.reading import read_as
from adapters.systems.scim.shapes import Page

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PAGE = 100


async def resources(api: Api, path: str, text: str = "") -> AsyncIterator[dict[str, Any]]:
    """Every resource that fits the filter `text`, over all pages.

    `startIndex` counts from 1, and a server may give less than `count`. Raises Unrecognised if
    fewer came than were announced.
    """
    asked: dict[str, str | int] = {"filter": text} if text else {}
    start, seen = 1, ""
    while True:
        params = {**asked, "startIndex": start, "count": PAGE}
        page = read_as(Page, (await api.send("GET", path, params=params)).body)
        top = str(page.resources[0].get("id")) if page.resources else ""
        if page.resources and top == seen:
            raise Unrecognised(f"GET {path}: the server gives the same page again and again")
        for resource in page.resources:
            yield resource
        start, seen = start + len(page.resources), top
        if start > page.total:
            return
        if not page.resources:
            raise Unrecognised(f"GET {path}: {page.total} were announced, fewer came")


def patch(operation: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": [operation]}
