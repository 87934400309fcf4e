"""What outlives the account becomes somebody's task: nothing that works on is left in silence."""

from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.nouns import NEXT, Held, State
from workflows.lookup import STATE, accounts_of
from workflows.tables import Case, CaseAccount, Part
from workflows.tasks import Ask, open_task
from workflows.world import World


def residue_of(account: CaseAccount) -> tuple[Held, ...]:
    """Each thing once. What was learnt is not forgotten: the state before counts, too."""
    seen = [_state(account.before), _state(account.after)]
    return tuple({one.key: one for state in seen for one in state.residue or ()}.values())


async def ask_about_residue(world: World, session: AsyncSession, case: Case, part: Part) -> None:
    """One task for each system, with all that is known of it."""
    accounts = await accounts_of(session, case.id, part.system)
    left = [one for account in accounts for one in residue_of(account)]
    if not left:
        return
    kinds = ", ".join(dict.fromkeys(one.kind for one in left))
    how = " ".join(dict.fromkeys(str(one.details[NEXT]) for one in left))
    things = [
        {"id": one.id, "name": one.name, "kind": one.kind, "next": one.details[NEXT]}
        for one in left
    ]
    can = world.systems[part.system].can if part.system in world.systems else None
    owner = (can.owner if can else None) or case.owner
    title = f"{part.system}: what works on without the account: {kinds}"
    ask = Ask("residue", title, how, part.system, owner=owner, candidates=things)
    await open_task(world, session, case, ask)


def _state(seen: dict[str, object] | None) -> State:
    return STATE.validate_python(seen or {})
