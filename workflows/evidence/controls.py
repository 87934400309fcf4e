"""What a case shows of the controls that auditors ask about: evidence for their judgement.

The wording of what a control asks is ours. Nothing here is a certificate: of each control it is
also said what this pack does not show.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from adapters.actions import CUTS_ACCESS, Action, Wave
from workflows.evidence.clocks import PROMISE
from workflows.evidence.shapes import Clock, Story, Verb
from workflows.evidence.tasks import outliving
from workflows.evidence.words import counted, lasted

MET, NOT_MET, NOT_SHOWN, ELSEWHERE = "met", "not met", "not shown", "does not apply"


@dataclass(frozen=True)
class Bearing:
    """What the pack has to say: `leaves` are the events that say it."""

    result: str
    because: str
    leaves: tuple[int, ...] = ()


@dataclass(frozen=True)
class Control:
    standard: str
    id: str
    asks: str
    bears: Callable[[Story], Bearing]
    does_not_show: str


@dataclass(frozen=True)
class Answer:
    control: Control
    bearing: Bearing


def answers_of(story: Story) -> tuple[Answer, ...]:
    return tuple(Answer(control, control.bears(story)) for control in CONTROLS)


def access_removed(story: Story) -> Bearing:
    """Contained, read back, and within the promise."""
    if story.cancelled and not story.begun:
        return Bearing(ELSEWHERE, "The case was taken back before its time.", _of(story.cancelled))
    if story.restored_at:
        return Bearing(NOT_SHOWN, "Access was given back after the cut.", _of(story.restored_at))
    clock = next((one for one in story.clocks if one.name == PROMISE), None)
    if clock is None or not story.begun:
        return Bearing(NOT_SHOWN, "The cut has not begun.")
    return _in_time(story, clock)


def _in_time(story: Story, clock: Clock) -> Bearing:
    target = lasted(clock.target_seconds)
    leaves = _of(clock.start, clock.stop, story.verdict)
    if story.contained_at and clock.target_seconds is None:
        return Bearing(NOT_SHOWN, "Contained, but no target was recorded to hold it to.", leaves)
    if clock.met:
        took = lasted(clock.seconds)
        sentence = f"Every account that was found is contained, after {took} (target {target})."
        if left := outliving(story.tasks):
            works = f" What works without an account is still open ({counted(len(left), 'task')})."
            return Bearing(NOT_SHOWN, sentence + works, _of(*(task.opened for task in left)))
        return Bearing(MET, sentence, leaves)
    if clock.met is False:
        return Bearing(NOT_MET, f"Not contained within the target of {target}.", leaves)
    return Bearing(NOT_SHOWN, "Not contained everywhere yet; the target is still running.", leaves)


def verbs_done(*actions: Action) -> Callable[[Story], Bearing]:
    """Each of these actions, on every account: shown by the system, or covered by another."""

    def bears(story: Story) -> Bearing:
        return _all_done([verb for verb in _verbs(story) if verb.action in actions], story)

    return bears


def credentials_gone(story: Story) -> Bearing:
    """A deploy key is a credential, too."""
    if left := outliving(story.tasks):
        many = counted(len(left), "task")
        because = f"What works without an account is still open ({many})."
        return Bearing(NOT_SHOWN, because, _of(*(task.opened for task in left)))
    return verbs_done(*CREDENTIALS)(story)


def wave_done(wave: Wave) -> Callable[[Story], Bearing]:
    def bears(story: Story) -> Bearing:
        return _all_done([verb for verb in _verbs(story) if verb.wave == wave], story)

    return bears


def privileges_gone(story: Story) -> Bearing:
    privileged = {account.id for account in story.accounts if account.privileged}
    if not privileged:
        unseen = [
            verb
            for verb in _verbs(story)
            if verb.action in (Action.REVOKE_PRIVILEGES, Action.REMOVE_ROLES)
            and verb.gap == "by_hand"
        ]
        if unseen:
            many = counted(len(unseen), "action")
            because = f"Whether an account administers anything, a person must look ({many})."
            return Bearing(NOT_SHOWN, because, tuple(verb.leaf for verb in unseen if verb.leaf))
        found = [one.at for system in story.systems for one in system.lookups]
        return Bearing(ELSEWHERE, "No account that was found administers anything.", _of(*found))
    names = (Action.REVOKE_PRIVILEGES, Action.REMOVE_ROLES, Action.BLOCK_SIGN_IN)
    mine = [
        verb
        for account in story.accounts
        if account.id in privileged
        for verb in account.verbs
        if verb.action in names
    ]
    return _all_done(mine, story)


def at_once_if_dismissed(story: Story) -> Bearing:
    if story.kind.value != "involuntary":
        return Bearing(ELSEWHERE, "HR named no involuntary leave.", _of(story.kind))
    return access_removed(story)


def recorded(story: Story) -> Bearing:
    if not story.whole:
        return Bearing(NOT_MET, "The events of this case are not numbered without a gap.")
    said = f"{counted(story.events, 'event')}, numbered without a gap, each proved to be in the "
    return Bearing(MET, said + "signed log.")


def in_part(bears: Callable[[Story], Bearing], lacks: str) -> Callable[[Story], Bearing]:
    """Of a control that asks for more than any pack could show: never met, at best not shown."""

    def bearing(story: Story) -> Bearing:
        found = bears(story)
        if found.result != MET:
            return found
        return Bearing(NOT_SHOWN, f"{found.because} {lacks}", found.leaves)

    return bearing


def never_shown(why: str) -> Callable[[Story], Bearing]:
    return lambda _story: Bearing(NOT_SHOWN, why)


SHOWN, FINE = ("confirmed",), ("confirmed", "covered", "not_applicable")
BROKEN = ("failed", "unknown_outcome", "retrying", "observed")


def _all_done(verbs: list[Verb], story: Story) -> Bearing:
    """Met only if something was done and nothing is left to believe."""
    leaves = tuple(dict.fromkeys(verb.leaf for verb in verbs if verb.leaf is not None))
    if story.restored_at:
        return Bearing(NOT_SHOWN, "Access was given back after the cut.", _of(story.restored_at))
    broken = [verb for verb in verbs if verb.standing in BROKEN]
    if broken:
        return Bearing(NOT_MET, f"{counted(len(broken), 'action')} failed or is not known.", leaves)
    rest = [verb for verb in verbs if verb.standing not in FINE]
    done = [verb for verb in verbs if verb.standing in SHOWN]
    if rest:
        kinds = counted(len(rest), "action")
        because = f"{kinds} of {len(verbs)}: by hand, not due yet, or not to be seen in the system."
        return Bearing(NOT_SHOWN, because, leaves)
    if not done:
        return Bearing(NOT_SHOWN, "No system in scope has such an action.", leaves)
    return Bearing(MET, f"{counted(len(done), 'action')} read back as done.", leaves)


def _verbs(story: Story) -> Iterable[Verb]:
    for system in story.systems:
        yield from system.verbs
        for account in system.accounts:
            yield from account.verbs


def _of(*facts: object) -> tuple[int, ...]:
    leaves = (getattr(fact, "leaf", None) for fact in facts)
    return tuple(dict.fromkeys(leaf for leaf in leaves if leaf is not None))


CREDENTIALS = (
    Action.REVOKE_SESSIONS,
    Action.REVOKE_TOKENS,
    Action.RESET_CREDENTIALS,
    Action.REMOVE_FACTORS,
)
ONLY_HERE = "Systems that Exeunt is not connected to, shared passwords, and paper."
CONTROLS = (
    Control(
        "SOC 2",
        "CC6.2",
        "Access of people who are no longer authorised is removed, in time.",
        access_removed,
        f"{ONLY_HERE} How access was granted and reviewed before.",
    ),
    Control(
        "SOC 2",
        "CC6.3",
        "Access rights are taken away when the role that they came with ends.",
        verbs_done(Action.REVOKE_GRANTS, Action.REMOVE_ROLES, Action.REVOKE_PRIVILEGES),
        "Whether the rights were right before, and segregation of duties.",
    ),
    Control(
        "ISO/IEC 27001:2022",
        "A.5.18",
        "Access rights are removed at the end of employment, by the organisation's own rules.",
        access_removed,
        f"{ONLY_HERE} The periodic review of rights.",
    ),
    Control(
        "ISO/IEC 27001:2022",
        "A.6.5",
        "Duties that go on after employment ends are defined, made known and enforced.",
        in_part(wave_done(Wave.HAND_OVER), "That is the handing over of work, not the duties."),
        "What the contract says, and what the leaver was told: only who took over is here.",
    ),
    Control(
        "ISO/IEC 27001:2022",
        "A.8.2",
        "Privileged access is restricted and taken away.",
        privileges_gone,
        "Shared administrator and break-glass accounts, and keys that the person may have copied.",
    ),
    Control(
        "ISO/IEC 27001:2022",
        "A.5.11",
        "Equipment and other assets come back.",
        never_shown("Devices are locked or wiped at most; that they came back is not recorded."),
        "The return of anything that one can hold.",
    ),
    Control(
        "ISO/IEC 27001:2022",
        "A.8.15",
        "Logs of what happens are made, kept, protected and analysed.",
        in_part(recorded, "That is Exeunt's own log, not those of the systems."),
        "That anybody analyses logs; what a vendor did without our asking; an event that was never "
        "recorded.",
    ),
    Control(
        "NIST SP 800-53 r5",
        "PS-4 a",
        "System access is disabled within the time that the organisation set.",
        access_removed,
        ONLY_HERE,
    ),
    Control(
        "NIST SP 800-53 r5",
        "PS-4 b",
        "Authenticators and credentials of the individual are revoked.",
        credentials_gone,
        "Credentials that nobody issued here: personal keys, passwords that were shared.",
    ),
    Control(
        "NIST SP 800-53 r5",
        "PS-4 c–e",
        "Exit interview, return of property, access to what the individual controlled.",
        in_part(wave_done(Wave.HAND_OVER), "Of the interview and the property nothing is here."),
        "The interview and the property. Only the hand-over of files, mail and teams is here.",
    ),
    Control(
        "NIST SP 800-53 r5",
        "AC-2 f",
        "Accounts are disabled and removed as the organisation's own rules say.",
        verbs_done(*CUTS_ACCESS),
        "The rest of AC-2: kinds of account, approval, review. Accounts that no rule connects with "
        "this person; see “How the scope was found”.",
    ),
    Control(
        "NIST SP 800-53 r5",
        "AC-2 (13)",
        "Accounts of high-risk individuals are disabled within the set time.",
        at_once_if_dismissed,
        "Who is a high risk: only HR's word for the kind of leave is known here.",
    ),
    Control(
        "PCI DSS v4.0.1",
        "8.2.5",
        "Access of terminated users is revoked immediately.",
        access_removed,
        "Whether the target that the policy sets is “immediately” in your reading.",
    ),
)
