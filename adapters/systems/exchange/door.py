"""Exchange Online's own door: which cmdlets may leave at all, and what their failures mean.

Two ways lead through it. The Exchange Online Admin API is Microsoft's (preview, `adminapi/v2.0`,
learn.microsoft.com/exchange/reference/admin-api-overview). InvokeCommand is what Microsoft's own
PowerShell module calls; it is not documented for anybody else. Its failures carry a generic code,
and in `details` a text such as `Ex6F9304|…ManagementObjectNotFoundException|The operation …`: the
exception's name counts, the sentence behind it holds names and goes nowhere.
"""

import re
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

from adapters.errors import AdapterError, NeedsHuman, TryAgain, Unrecognised
from adapters.http import Api, Reply
from adapters.reading import read_as
from adapters.statuses import retry_after
from adapters.systems.exchange.shapes import RUNBOOK, Page, Way

Row: TypeAlias = dict[str, object]

READS = frozenset(
    {
        "Get-CASMailbox",
        "Get-DistributionGroup",
        "Get-Mailbox",
        "Get-MailboxPermission",
        "Get-MailboxStatistics",
        "Get-MobileDevice",
        "Get-Recipient",
    }
)
"""All that leaves in observe mode. Every call is a POST, so the cmdlet's name decides."""
WRITES = frozenset(
    {
        "Add-DistributionGroupMember",
        "Add-MailboxPermission",
        "Remove-DistributionGroupMember",
        "Remove-MailboxPermission",
        "Remove-MobileDevice",
        "Set-CASMailbox",
        "Set-Mailbox",
    }
)
OFFICIAL = {
    "Get-Mailbox": frozenset({"Identity", "ResultSize"}),
    "Set-Mailbox": frozenset({"Identity", "GrantSendOnBehalfTo"}),
}
"""What the Mailbox endpoint of the Admin API takes (Microsoft), as far as it is of use here."""
SYSTEM_MAILBOX = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
"""Where calls of an application are routed to; the same in every organisation."""
PAGE = 1000
MOST_PAGES = 10_000
_SAYS_WHY = frozenset({400, 404, 500})
_NOT_FOUND = "ManagementObjectNotFoundException"
_EXCEPTION = re.compile(r"^\w+\|(?:[A-Za-z]\w*\.)*([A-Za-z]\w*)\|")


class ExchangeApi(Api):
    """Api that runs cmdlets."""

    def __init__(self, base_url: str, tenant: str, way: Way, **more: Any) -> None:
        headers = {
            "X-AnchorMailbox": f"APP:{SYSTEM_MAILBOX}@{tenant}",
            "Prefer": f"odata.maxpagesize={PAGE}",
        }
        super().__init__(base_url, headers=headers, **more)
        self._way = way
        invoke = way is Way.INVOKE_COMMAND
        where = ("beta", "InvokeCommand") if invoke else ("v2.0", "Mailbox")
        self._path = f"/adminapi/{where[0]}/{quote(tenant, safe='')}/{where[1]}"

    async def read(self, cmdlet: str, **parameters: object) -> list[Row] | None:
        """Every row, over all pages. None if Exchange says that what is named is not there."""
        rows: list[Row] = []
        seen = {self._path}
        page = await self._page(cmdlet, parameters, self._path)
        while page is not None:
            rows += page.value
            if page.following is None:
                return rows
            if page.following in seen or len(seen) > MOST_PAGES:
                raise Unrecognised(f"{cmdlet}: the next links never end")
            if not page.following.startswith(f"{self.base_url}".rstrip("/") + self._path):
                raise Unrecognised(f"{cmdlet}: a next link leads elsewhere; not followed")
            seen.add(page.following)
            page = await self._page(cmdlet, parameters, page.following)
        return None

    async def first(self, cmdlet: str, **parameters: object) -> Page | None:
        """The first page alone: InvokeCommand does not heed `ResultSize`."""
        return await self._page(cmdlet, parameters, self._path)

    async def write(self, cmdlet: str, **parameters: object) -> None:
        """A success says little, and a removal of what is not there is none: read back."""
        reply = await self._run(cmdlet, parameters, self._path)
        if reply.status >= httpx.codes.BAD_REQUEST:
            why = _exception(reply)
            if not (why == _NOT_FOUND and cmdlet.startswith("Remove-")):
                raise _failure(cmdlet, reply, why)

    async def _page(self, cmdlet: str, parameters: dict[str, object], path: str) -> Page | None:
        """A next link takes the same POST again. Warnings alone are no answer to a read."""
        reply = await self._run(cmdlet, parameters, path)
        if reply.status < httpx.codes.BAD_REQUEST:
            return read_as(Page, reply.body)
        why = _exception(reply)
        if why == _NOT_FOUND and {"Identity", "Mailbox"} & set(parameters):
            return None
        raise _failure(cmdlet, reply, why)

    async def _run(self, cmdlet: str, parameters: dict[str, object], path: str) -> Reply:
        if not self._may_send(cmdlet, set(parameters)):
            raise NeedsHuman(f"{cmdlet} is not sent by the way {self._way}", RUNBOOK)
        only_reads = cmdlet in READS
        return await self.send(
            "POST",
            path,
            body={"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}},
            codes=_SAYS_WHY,
            only_reads=only_reads,
        )

    def _may_send(self, cmdlet: str, parameters: set[str]) -> bool:
        match self._way:
            case Way.INVOKE_COMMAND:
                return cmdlet in READS | WRITES
            case Way.ADMIN_API:
                return parameters <= OFFICIAL.get(cmdlet, frozenset()) and cmdlet in OFFICIAL
            case _:
                return False


def _exception(reply: Reply) -> str:
    """The name of the exception, empty if none is given."""
    match reply.body:
        case {"error": {"details": [{"message": str(text)}, *_]}}:
            found = _EXCEPTION.match(text)
            return found[1] if found else ""
    return ""


def _failure(cmdlet: str, reply: Reply, why: str) -> AdapterError:
    what = f"{cmdlet}: {reply.status} {why}".rstrip()
    if reply.status == httpx.codes.INTERNAL_SERVER_ERROR:
        return TryAgain(what, retry_after(reply.headers))
    return Unrecognised(what)
