"""How fast is a cut, beside a script that makes the same calls and keeps nothing?"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter

from adapters.actions import Action
from adapters.clock import Clock
from adapters.nouns import Person
from adapters.practice.scim import PracticeDirectory
from adapters.serving import served
from adapters.systems.scim import Scim
from tests.bench.measured import Measured, percentile, seconds
from tests.house import House, house, leaves

CUT = ("contained", "blocked_until_expiry")


async def latency(folder: Path) -> Measured:
    """From the webhook's first byte until the first call reaches a system, on an idle node."""
    vendor, times = PracticeDirectory(), []
    async with house(f"sqlite:///{folder / 'latency.db'}", {"directory": vendor}) as exeunt:
        for n in range(60):
            vendor.requests.clear()
            begun = perf_counter()
            await exeunt.hr_says(_leaver(n))
            times.append(await _first_call(vendor) - begun)
            await exeunt.until(lambda c: c["status"] == "closed", _number(n))
    p50, p95 = (percentile(times, share) * 1000 for share in (0.5, 0.95))
    what = f"webhook to first call, p95 (p50: {p50:.0f} ms)"
    return Measured(what, p95, "ms", None, "", None, "p95 ≤ 150 ms")


async def one_leaver(folder: Path) -> Measured:
    """Ten systems that take 100 ms for each call."""
    vendors = {f"s{n}": PracticeDirectory(latency=0.1) for n in range(10)}
    for vendor in vendors.values():
        for n in range(2):
            vendor.hire(_address(n), employee_number=_number(n))
    async with house(f"sqlite:///{folder / 'one.db'}", vendors) as exeunt:
        ours = await seconds(lambda: _cut(exeunt, 1))
    floor = await _bare(vendors, [1])
    what = "one leaver, 10 systems at 100 ms a call, contained and read back"
    return Measured(what, ours, "s", floor, "bare script", ours / floor, "≤ 1.5 × the script")


async def many_leavers(folder: Path, leavers: int = 50) -> Measured:
    """Systems that answer at once: what is left is our own work."""
    vendors = {f"s{n}": PracticeDirectory() for n in range(10)}
    for vendor in vendors.values():
        for n in range(2 * leavers):
            vendor.hire(_address(n), employee_number=_number(n))
    async with house(f"sqlite:///{folder / 'many.db'}", vendors) as exeunt:
        ours = await seconds(lambda: _cut_all(exeunt, leavers))
    calls = sum(len(vendor.requests) for vendor in vendors.values())
    floor = await _bare(vendors, list(range(leavers, 2 * leavers)))
    floor_calls = sum(len(vendor.requests) for vendor in vendors.values()) - calls
    ratio = (calls / ours) / (floor_calls / floor)
    what = f"{leavers} leavers × 10 systems without latency"
    return Measured(
        what, calls / ours, "calls/s", floor_calls / floor, "bare script", ratio, "≥ 0.5 ×"
    )


async def _cut(exeunt: House, n: int) -> None:
    await exeunt.hr_says(_leaver(n))
    await exeunt.until(lambda c: c["containment"] in CUT, _number(n))


async def _cut_all(exeunt: House, leavers: int) -> None:
    await asyncio.gather(*(exeunt.hr_says(_leaver(n)) for n in range(leavers)))
    client = await exeunt.client()
    while True:
        page = (await client.get("/cases", params={"limit": "200"})).json()["items"]
        if sum(case["containment"] in CUT for case in page) == leavers:
            return
        await asyncio.sleep(0.1)


async def _first_call(vendor: PracticeDirectory) -> float:
    while not vendor.requests:  # noqa: ASYNC110 - the vendor has no event to wait for
        await asyncio.sleep(0.001)
    return perf_counter()


async def _bare(vendors: Mapping[str, PracticeDirectory], leavers: list[int]) -> float:
    """Seconds for the same calls in the same order, with nothing remembered."""
    async with AsyncExitStack() as stack:
        adapters = []
        for name, vendor in vendors.items():
            url = await stack.enter_async_context(served(vendor.app))
            settings = Scim.Settings.model_validate(vendor.settings(url))
            adapters.append(Scim.connect(name, settings, Clock()))

        async def everything() -> None:
            await asyncio.gather(*(_script(a, n) for a in adapters for n in leavers))

        took = await seconds(everything)
        for adapter in adapters:
            await adapter.close()
        return took


async def _script(adapter: Scim, n: int) -> None:
    [hit] = await adapter.find_accounts(Person(_number(n), (_address(n),)))
    await adapter.observe(hit.account)
    await adapter.perform(Action.BLOCK_SIGN_IN, hit.account)
    await adapter.observe(hit.account)


def _number(n: int) -> str:
    return str(1000 + n)


def _address(n: int) -> str:
    return f"leaver{n}@acme.example"


def _leaver(n: int) -> dict[str, object]:
    worker = {
        "source_worker_id": _number(n),
        "employee_number": _number(n),
        "work_email": _address(n),
    }
    return leaves(worker=worker)
