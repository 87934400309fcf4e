"""A practice Exchange Online that speaks InvokeCommand, and the Admin API's Mailbox endpoint.

Microsoft does not document InvokeCommand, so there is no official description to hold this to: the
envelope and the failures are as practitioners record them (CIPP, field notes 4.13), the cmdlets and
their parameters as Microsoft's cmdlet reference has them. A parameter that is not known fails, a
conversion takes a few reads to show, and every failure bears one generic code.
"""

import re
from collections.abc import Callable
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.practice.exchange_memory import PROTOCOLS, ExchangeMemory, Json

TENANT = "b1f7a3c2-0000-4000-8000-00000e8c4a9e"
TYPES = {
    "Shared": "SharedMailbox",
    "Regular": "UserMailbox",
    "Room": "RoomMailbox",
    "Equipment": "EquipmentMailbox",
}
MEMBERSHIP = {"Identity", "Member", "BypassSecurityGroupManagerCheck"}
ACCESS = {"Identity", "User", "AccessRights"}
# What must be said, and what may be said beside it.
KNOWN: dict[str, tuple[set[str], set[str]]] = {
    "Get-Mailbox": (set(), {"Identity", "Filter", "ResultSize"}),
    "Get-CASMailbox": ({"Identity"}, set()),
    "Get-MailboxStatistics": ({"Identity"}, set()),
    "Get-MailboxPermission": ({"Identity"}, set()),
    "Get-MobileDevice": ({"Mailbox"}, set()),
    "Get-Recipient": ({"Identity"}, set()),
    "Get-DistributionGroup": ({"Filter"}, set()),
    "Set-CASMailbox": ({"Identity"}, set(PROTOCOLS)),
    "Set-Mailbox": (
        {"Identity"},
        {
            "DeliverToMailboxAndForward",
            "ForwardingAddress",
            "ForwardingSmtpAddress",
            "GrantSendOnBehalfTo",
            "HiddenFromAddressListsEnabled",
            "Type",
        },
    ),
    "Add-MailboxPermission": (ACCESS, {"InheritanceType", "AutoMapping"}),
    "Remove-MailboxPermission": (ACCESS, set()),
    "Remove-MobileDevice": ({"Identity"}, set()),
    "Add-DistributionGroupMember": (MEMBERSHIP, set()),
    "Remove-DistributionGroupMember": (MEMBERSHIP, set()),
}
OFFICIAL = {
    "Get-Mailbox": {"Identity", "ResultSize"},
    "Set-Mailbox": {"Identity", "GrantSendOnBehalfTo"},
}
_TERM = re.compile(r"(\w+) -eq '((?:[^'‘’‚‛]|['‘’‚‛]{2})*)'")
_DOUBLED = re.compile("(['‘’‚‛])['‘’‚‛]")


class PracticeExchange(ExchangeMemory):
    """`on_convert` and `on_regain` hear of a mailbox that has become shared, or its owner's again,
    by its object id: so a practice Graph tenant can show the same.
    """

    kind: ClassVar[str] = "exchange"
    largest_page: ClassVar[int] = 3

    def settings(self, base_url: str) -> dict[str, object]:
        """Here a new block counts at once, and CustomAttribute1 is the employee number."""
        return {
            "adapter": self.kind,
            "base_url": base_url,
            "token": self.token,
            "tenant_id": TENANT,
            "way": "invoke_command",
            "unsupported_is_understood": True,
            "employee_number": "CustomAttribute1",
            "token_lifetime": "1s",
        }

    def routes(self) -> Starlette:
        beta, official = f"/adminapi/beta/{TENANT}", f"/adminapi/v2.0/{TENANT}"
        return Starlette(
            routes=[
                Route(f"{beta}/InvokeCommand", self._invoke, methods=["POST"]),
                Route(f"{official}/Mailbox", self._official, methods=["POST"]),
            ]
        )

    async def _answer(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Every call is a POST to one address: the cmdlet tells a read from a write."""
        request = Request(scope, receive)
        body = await request.body()
        said = (await request.json())["CmdletInput"]
        scope["cmdlet"], scope["parameters"] = said["CmdletName"], said.get("Parameters", {})

        async def replay() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await super()._answer(inner, scope, replay, send)

    def _kind(self, scope: Scope) -> str:
        return "GET" if scope["cmdlet"].startswith("Get-") else "POST"

    async def _official(self, request: Request) -> Response:
        if set(request.scope["parameters"]) <= OFFICIAL.get(request.scope["cmdlet"], set()):
            return await self._invoke(request)
        return _refusal(400, "BadRequest", "ParameterBindingException")

    async def _invoke(self, request: Request) -> Response:
        cmdlet, said = request.scope["cmdlet"], request.scope["parameters"]
        if cmdlet not in KNOWN:
            return _refusal(400, "BadRequest", "CommandNotFoundException")
        needed, more = KNOWN[cmdlet]
        if not needed <= set(said) <= needed | more:
            return _refusal(400, "BadRequest", "ParameterBindingException")
        self.cmdlets.append(cmdlet)
        run: Callable[[Json], list[Json] | None]
        run = getattr(self, "_" + cmdlet.lower().replace("-", "_"))
        try:
            rows = run(said) or []
        except KeyError:
            return _refusal(404, "NotFound", "ManagementObjectNotFoundException")
        except ValueError:
            return _refusal(400, "BadRequest", "InvalidOperationException")
        start = int(request.query_params.get("$skiptoken", 0))
        until = start + self.largest_page
        body: Json = {"@adminapi.warnings": [], "value": rows[start:until]}
        if until < len(rows):
            following = request.url.include_query_params(**{"$skiptoken": until})
            body["@odata.nextLink"] = str(following)
        return JSONResponse(body)

    def _get_mailbox(self, said: Json) -> list[Json]:
        if "Identity" in said:
            key = self.key(said["Identity"])
            self._read_of(key)
            return [self.boxes[key]]
        text = said.get("Filter")
        return [box for box in self.boxes.values() if text is None or _fits(box, text)]

    def _get_casmailbox(self, said: Json) -> list[Json]:
        key = self.key(said["Identity"])
        return [{"ExternalDirectoryObjectId": key, **self.protocols[key]}]

    def _set_casmailbox(self, said: Json) -> None:
        key = self.key(said["Identity"])
        self.protocols[key].update({k: v for k, v in said.items() if k != "Identity"})

    def _set_mailbox(self, said: Json) -> None:
        """A recipient is shown by its name, however it was named."""
        box = self.boxes[self.key(said["Identity"])]
        settings = {k: v for k, v in said.items() if k not in ("Identity", "Type")}
        if settings.get("ForwardingAddress"):
            settings["ForwardingAddress"] = self.recipient(settings["ForwardingAddress"])["Name"]
        box.update(settings)
        kind = TYPES[said["Type"]] if "Type" in said else box["RecipientTypeDetails"]
        if kind != box["RecipientTypeDetails"]:
            self.converting[box["ExternalDirectoryObjectId"]] = (kind, self.slow_reads)

    def _read_of(self, key: str) -> None:
        """A conversion draws nearer with each read, and others hear of it when it is there."""
        kind, reads = self.converting.pop(key, ("", 0))
        if reads:
            self.converting[key] = (kind, reads - 1)
        elif kind:
            self.boxes[key]["RecipientTypeDetails"] = kind
            if tell := self.told.get(kind):
                tell(key)

    def _get_mailboxstatistics(self, said: Json) -> list[Json]:
        return [{"TotalItemSize": self.sizes[self.key(said["Identity"])]}]

    def _get_mailboxpermission(self, said: Json) -> list[Json]:
        users = ["NT AUTHORITY\\SELF", *self.full_access[self.key(said["Identity"])]]
        entry = {"AccessRights": ["FullAccess"], "Deny": False, "IsInherited": False}
        return [{"User": user, **entry} for user in users]

    def _add_mailboxpermission(self, said: Json) -> None:
        users, login = self._access(said)
        if login not in users:
            users.append(login)

    def _remove_mailboxpermission(self, said: Json) -> None:
        users, login = self._access(said)
        if login in users:
            users.remove(login)

    def _access(self, said: Json) -> tuple[list[str], str]:
        if said["AccessRights"] != ["FullAccess"]:
            raise ValueError(said["AccessRights"])
        login: str = self.recipient(said["User"])["UserPrincipalName"]
        return self.full_access[self.key(said["Identity"])], login

    def _get_mobiledevice(self, said: Json) -> list[Json]:
        key = self.key(said["Mailbox"])
        return [{"Guid": d, **one} for d, one in self.devices.items() if one["owner"] == key]

    def _remove_mobiledevice(self, said: Json) -> None:
        del self.devices[said["Identity"]]

    def _get_recipient(self, said: Json) -> list[Json]:
        return [self.recipient(said["Identity"])]

    def _get_distributiongroup(self, said: Json) -> list[Json]:
        [(_, dn)] = _terms(said["Filter"])
        user = next(k for k, box in self.boxes.items() if box["DistinguishedName"] == dn)
        lists = [g for g in self.groups.values() if g["RecipientTypeDetails"] != "GroupMailbox"]
        return [g for g in lists if user in self.members[g["ExternalDirectoryObjectId"]]]

    def _remove_distributiongroupmember(self, said: Json) -> None:
        self._members(said).remove(self.key(said["Member"]))

    def _add_distributiongroupmember(self, said: Json) -> None:
        members, key = self._members(said), self.key(said["Member"])
        if key in members:
            raise ValueError("already a member")
        members.add(key)

    def _members(self, said: Json) -> set[str]:
        """Named by its id: by a display name it may be another group."""
        groups = {g["ExternalDirectoryObjectId"]: g for g in self.groups.values()}
        group = groups[said["Identity"]]
        if group["IsDirSynced"] or not said["BypassSecurityGroupManagerCheck"]:
            raise ValueError("not to be changed here")
        return self.members[said["Identity"]]


def _terms(text: str) -> list[tuple[str, str]]:
    """OPATH, as far as it is asked here. Raises ValueError for anything else."""
    terms = [_TERM.fullmatch(part) for part in re.split(r" -or (?=\w+ -eq ')", text)]
    if not all(terms):
        raise ValueError(text)
    return [(one[1], _DOUBLED.sub(r"\1", one[2])) for one in terms if one]


def _fits(box: Json, text: str) -> bool:
    """`-eq` knows no case."""
    return any(value.lower() in _values(box[key]) for key, value in _terms(text))


def _values(held: Any) -> list[str]:
    return [one.lower() for one in (held if isinstance(held, list) else [held])]


def _refusal(status: int, code: str, exception: str) -> Response:
    """One generic code; what happened stands in a sentence, with names in it."""
    sentence = "The operation couldn't be performed because of object 'ada@acme.example'."
    why = f"Ex6F9304|Microsoft.Exchange.Configuration.Tasks.{exception}|{sentence}"
    details = [{"code": "Client", "target": "", "message": why}]
    error = {"code": code, "message": "Error executing cmdlet", "details": details}
    return JSONResponse({"error": error}, status)
