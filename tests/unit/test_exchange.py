"""Exchange Online: what each way may send, who is found, and what failures mean."""

import httpx
import pytest
from pydantic import ValidationError

from adapters.actions import Action
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from adapters.http import Mode
from adapters.nouns import Account, Held, Kind, Person, State
from adapters.practice.exchange import PracticeExchange
from adapters.systems.exchange import Exchange
from adapters.systems.exchange.door import READS, WRITES, ExchangeApi
from adapters.systems.exchange.shapes import RUNBOOK, Way, equals
from tests.conftest import StillClock
from tests.mailboxes import ADA, BASE, HEIR, Wire, connected, refusal


@pytest.fixture
def tenant(clock: StillClock) -> PracticeExchange:
    return PracticeExchange(clock)


@pytest.fixture
def wire(tenant: PracticeExchange) -> Wire:
    return Wire(tenant)


@pytest.fixture
def exchange(tenant: PracticeExchange, wire: Wire) -> Exchange:
    return connected(tenant, wire)


@pytest.fixture
def ada(tenant: PracticeExchange) -> Account:
    return Account("mail", tenant.hire(ADA), ADA)


@pytest.fixture
def heir(tenant: PracticeExchange) -> Account:
    return Account("mail", tenant.hire(HEIR), HEIR)


@pytest.mark.parametrize("way", Way)
def test_in_each_way_every_verb_is_done_or_explained(way: Way, tenant: PracticeExchange) -> None:
    exchange = connected(tenant, Wire(tenant), way=way)
    assert {*exchange.facts()} | {*exchange.lacks()} == set(Action)
    assert not {*exchange.facts()} & {*exchange.lacks()}
    assert set(exchange.contain) <= {*exchange.facts()}


def test_what_each_way_leaves_to_people_has_the_runbook(tenant: PracticeExchange) -> None:
    for way in (Way.BY_HAND, Way.ADMIN_API):
        exchange = connected(tenant, Wire(tenant), way=way)
        assert exchange.lacks()[Action.DELEGATE_MAILBOX].detail == RUNBOOK
        assert exchange.contain == ()
        assert exchange.searchable is (way is Way.ADMIN_API)
    assert Exchange.searchable
    assert Exchange.contain


def test_by_hand_needs_no_credential_and_is_the_default() -> None:
    assert Exchange.Settings(adapter="exchange").way is Way.BY_HAND


def test_what_microsoft_does_not_support_is_used_only_knowingly(tenant: PracticeExchange) -> None:
    told = tenant.settings(BASE) | {"unsupported_is_understood": False}
    with pytest.raises(ValidationError, match="may withdraw it"):
        Exchange.Settings(**told)


@pytest.mark.parametrize(
    "told",
    [
        {"way": "admin_api", "token": "t"},
        {"way": "admin_api", "tenant_id": "t"},
        {"way": "admin_api", "tenant_id": "t", "client_id": "c"},
        {
            "way": "admin_api",
            "tenant_id": "t",
            "client_id": "c",
            "certificate": "p",
            "client_secret": "s",
        },
        {"employee_number": "CustomAttribute16"},
    ],
)
def test_settings_that_cannot_work_are_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Exchange.Settings(adapter="exchange", **told)


async def test_by_hand_nothing_is_called(
    tenant: PracticeExchange, wire: Wire, ada: Account
) -> None:
    exchange = connected(tenant, wire, way="by_hand")
    await exchange.check()
    assert await exchange.find_accounts(Person(addresses=(ADA,))) == ()
    assert [one async for one in exchange.accounts()] == []
    assert await exchange.observe(ada) == State()
    with pytest.raises(NeedsHuman):
        await exchange.perform(Action.BLOCK_SIGN_IN, ada)
    assert wire.sent == []


async def test_the_official_interface_looks_and_changes_nothing(
    tenant: PracticeExchange, wire: Wire, ada: Account
) -> None:
    exchange = connected(tenant, wire, way="admin_api")
    await exchange.check()
    [hit] = await exchange.find_accounts(Person(addresses=(ADA,)))
    seen = await exchange.observe(hit.account)
    assert (seen.mailbox, seen.listed, seen.enabled) == (
        Held("user", "user", "mailbox"),
        True,
        None,
    )
    for verb in exchange.actions:
        with pytest.raises(NeedsHuman):
            await exchange.perform(verb, ada)
    assert {one["CmdletName"] for one in wire.sent} == {"Get-Mailbox"}
    assert all("/adminapi/v2.0/" in one["path"] for one in wire.sent)


@pytest.mark.parametrize("cmdlet", [*sorted(WRITES), "Remove-Mailbox", "Get-Everything"])
async def test_observe_mode_sends_no_cmdlet_that_writes(
    cmdlet: str, tenant: PracticeExchange, wire: Wire
) -> None:
    api = ExchangeApi(BASE, "t", Way.INVOKE_COMMAND, mode=Mode.OBSERVE, transport=wire)
    with pytest.raises(NeedsHuman):
        await api.write(cmdlet, Identity="x")
    with pytest.raises(NeedsHuman):
        await api.read(cmdlet, Identity="x")
    assert wire.sent == []


def test_whatever_only_reads_is_named_so() -> None:
    assert all(cmdlet.startswith("Get-") for cmdlet in READS)
    assert not any(cmdlet.startswith("Get-") for cmdlet in WRITES)


async def test_the_official_interface_takes_no_other_parameter(wire: Wire) -> None:
    api = ExchangeApi(BASE, "t", Way.ADMIN_API, transport=wire)
    for parameters in ({"Type": "Shared"}, {"GrantSendOnBehalfTo": [], "Type": "Shared"}):
        with pytest.raises(NeedsHuman):
            await api.write("Set-Mailbox", Identity="x", **parameters)
    assert wire.sent == []


async def test_calls_are_routed_without_naming_anybody(
    exchange: Exchange, wire: Wire, ada: Account
) -> None:
    await exchange.observe(ada)
    assert {one["X-AnchorMailbox"].partition("{")[0] for one in wire.headers} == {
        "APP:SystemMailbox"
    }
    assert all(ADA not in str(one) for one in wire.headers)


async def test_a_shared_mailbox_is_nobody(exchange: Exchange, tenant: PracticeExchange) -> None:
    tenant.boxes[tenant.hire(ADA)]["RecipientTypeDetails"] = "RoomMailbox"
    [hit] = await exchange.find_accounts(Person(addresses=(ADA,)))
    assert hit.account.kind is Kind.SHARED


async def test_an_account_is_found_enabled_so_that_it_can_take_over(
    exchange: Exchange, tenant: PracticeExchange, heir: Account
) -> None:
    [hit] = await exchange.find_accounts(Person(addresses=(HEIR,)))
    assert (hit.account.id, hit.account.enabled) == (heir.id, True)
    assert hit.account.employee_number is None


async def test_exchange_knows_no_employee_number_of_its_own(
    tenant: PracticeExchange, wire: Wire
) -> None:
    tenant.hire("somebody@acme.example", employee_number="7")
    exchange = connected(tenant, wire, employee_number=None)
    assert await exchange.find_accounts(Person("7")) == ()


async def test_mailboxes_of_exchange_itself_are_nobodys(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    tenant.boxes[heir.id]["ExternalDirectoryObjectId"] = ""
    assert [one.id async for one in exchange.accounts()] == [ada.id]


def test_curly_quotes_close_no_filter() -> None:
    assert equals("A", "o'neil’ -or B -eq ‘x") == "A -eq 'o''neil’’ -or B -eq ‘‘x'"


async def test_what_is_not_there_is_told_by_the_exception_and_not_by_the_status(
    exchange: Exchange, wire: Wire, ada: Account
) -> None:
    for status in (400, 404, 500):
        wire.instead["Get-Mailbox"] = refusal(status, "ManagementObjectNotFoundException")
        assert (await exchange.observe(ada)).exists is False
    wire.instead["Get-Mailbox"] = httpx.Response(404, html="<p>not here</p>")
    with pytest.raises(Unrecognised):
        await exchange.observe(ada)


async def test_a_failure_is_named_by_its_code_and_never_by_its_sentence(
    exchange: Exchange, wire: Wire, ada: Account
) -> None:
    wire.instead["Set-CASMailbox"] = refusal(400, "Tasks.PropertyValidationException")
    with pytest.raises(Unrecognised) as why:
        await exchange.perform(Action.BLOCK_SIGN_IN, ada)
    assert why.value.message == "Set-CASMailbox: 400 PropertyValidationException"
    wire.instead["Set-CASMailbox"] = refusal(500, "ADTransientException")
    with pytest.raises(TryAgain) as again:
        await exchange.perform(Action.BLOCK_SIGN_IN, ada)
    assert ADA not in again.value.message


@pytest.mark.parametrize(
    "body",
    [
        {"@adminapi.warnings": ["something is odd"]},
        {"value": []},
        {"value": [{"ExternalDirectoryObjectId": "another", "UserPrincipalName": "x"}]},
        {"value": [{}]},
    ],
)
async def test_an_answer_about_nobody_or_another_one_is_not_read_as_gone(
    body: dict[str, object], exchange: Exchange, wire: Wire, ada: Account
) -> None:
    wire.instead["Get-Mailbox"] = httpx.Response(200, json=body)
    with pytest.raises(Unrecognised):
        await exchange.observe(ada)


async def test_a_field_that_is_missing_is_not_known(
    exchange: Exchange, tenant: PracticeExchange, ada: Account
) -> None:
    del tenant.boxes[ada.id]["ForwardingSmtpAddress"]
    assert (await exchange.observe(ada)).forwards is None
    with pytest.raises(Unrecognised):
        await exchange.observe(ada, Action.STOP_FORWARDING)


async def test_what_cannot_be_read_stops_only_what_needs_it(
    exchange: Exchange, wire: Wire, ada: Account
) -> None:
    wire.instead["Get-DistributionGroup"] = httpx.Response(429)
    seen = await exchange.observe(ada)
    assert (seen.grants, seen.enabled) == (None, True)
    with pytest.raises(TryAgain):
        await exchange.observe(ada, Action.REVOKE_GRANTS)


@pytest.mark.parametrize("link", ["https://elsewhere.example/x", f"{BASE}/other", f"{BASE}/again"])
async def test_a_next_link_is_followed_only_to_where_we_asked(
    link: str, exchange: Exchange, wire: Wire, ada: Account
) -> None:
    wire.instead["Get-Mailbox"] = httpx.Response(200, json={"value": [], "@odata.nextLink": link})
    with pytest.raises(Unrecognised):
        await exchange.find_accounts(Person(addresses=(ADA,)))
    assert len(wire.sent) == 1


async def test_next_links_that_go_round_are_noticed(exchange: Exchange, wire: Wire) -> None:
    await exchange.check()
    link = f"{BASE}{wire.sent[0]['path']}?$skiptoken=1"
    wire.instead["Get-Mailbox"] = httpx.Response(200, json={"value": [], "@odata.nextLink": link})
    with pytest.raises(Unrecognised):
        await exchange.find_accounts(Person(addresses=(ADA,)))


async def test_the_practice_tenant_knows_no_other_cmdlet_and_no_other_parameter(
    tenant: PracticeExchange, ada: Account
) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(tenant.app), base_url=BASE)
    path = f"/adminapi/beta/{tenant.settings(BASE)['tenant_id']}/InvokeCommand"
    for cmdlet, said in (
        ("Remove-Mailbox", {"Identity": ada.id}),
        ("Set-Mailbox", {"Identity": ada.id, "Tpye": "Shared"}),
    ):
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": said}}
        headers = {"Authorization": f"Bearer {tenant.token}"}
        assert (await client.post(path, json=body, headers=headers)).status_code == 400
    await client.aclose()
