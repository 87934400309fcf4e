"""Offboard one leaver from one system, one wave at a time.

Every system has a workflow of its own, and all of them start at once: one that is slow, throttled,
denied or down delays no other. Waves come in one order — contain, hand over, clean up, retire —
and contain waits for nobody.
"""

from dbos import DBOS

from workflows.steps import (
    attempt,
    begin,
    confirm,
    prepare,
    recheck,
    settle,
    take_in,
)


@DBOS.workflow(name="intake")
async def take_delivery(delivery_id: str, _turn: int) -> None:
    """What HR sent: read back if it is thin, weighed against what is known, acted on."""
    await take_in(delivery_id)


@DBOS.workflow(name="begin")
async def begin_on_time(case_id: str, _turn: int) -> None:
    """The last moment has come. HR is asked once more, because most never say "rescinded"."""
    if await confirm(case_id):
        await begin(case_id)


@DBOS.workflow(name="offboard")
async def offboard(part_id: str, _turn: int) -> None:
    """One turn: who is it there, then verb by verb, each read back; then say how it stands.

    A verb that fails does not stop the next one: sessions are ended even if the block failed.
    """
    for item_id in await prepare(part_id):
        await attempt(item_id)
    await settle(part_id)


@DBOS.workflow(name="recheck")
async def look_again(recheck_id: str, _turn: int) -> None:
    """Is it still cut? If not, the case is open again and the system is cut again."""
    await recheck(recheck_id)
