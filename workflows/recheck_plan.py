"""When a contained account is looked at again: a cut that comes undone is found, not assumed."""

from datetime import datetime, timedelta

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.tables import CaseAccount, Recheck
from workflows.world import World

AGAIN_AFTER = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}


async def plan_rechecks(
    world: World, session: AsyncSession, account: CaseAccount, now: datetime
) -> dict[str, datetime]:
    """Four later read-backs, and one at the instant when the last old token has died."""
    due = {label: now + after for label, after in AGAIN_AFTER.items()}
    if account.last_possible_access and account.last_possible_access > now:
        due["expiry"] = account.last_possible_access
    waiting = select(Recheck.label).where(
        Recheck.case_account_id == account.id, Recheck.state != "done"
    )
    for label in (await session.exec(waiting)).all():
        due.pop(label, None)  # what is to be looked at anyway is not looked at twice
    for label, due_at in due.items():
        session.add(
            Recheck(
                id=world.clock.id("check"),
                case_id=account.case_id,
                case_account_id=account.id,
                label=label,
                due_at=due_at,
            )
        )
    return due
