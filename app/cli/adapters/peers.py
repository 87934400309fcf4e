"""What the two most used offboardings of Microsoft 365 do, and what answers to it here.

Steps and their order were read in Microsoft's task reference of Entra Lifecycle Workflows (2025)
and in CIPP's source (API snapshot of 2026-08-08).
"""

from dataclasses import dataclass

from adapters.actions import Action


@dataclass(frozen=True)
class Step:
    """A step of theirs: the actions that answer to it here, or why none does."""

    theirs: str
    ours: tuple[Action, ...] = ()
    note: str = ""


WORKFLOWS = (
    Step("disable account", (Action.BLOCK_SIGN_IN,), "also of administrators, with profile C"),
    Step("revoke all refresh tokens", (Action.REVOKE_SESSIONS,), "after the block, and again"),
    Step("remove from selected groups", (Action.REVOKE_GRANTS,), "all that can be left"),
    Step("remove from all groups", (Action.REVOKE_GRANTS,), "the others are named with the reason"),
    Step("remove from selected teams", (Action.REVOKE_GRANTS,)),
    Step("remove from all teams", (Action.REVOKE_GRANTS,), "through Teams itself"),
    Step("remove one access package assignment", (Action.REVOKE_GRANTS,)),
    Step("remove all access package assignments", (Action.REVOKE_GRANTS,)),
    Step(
        "cancel all pending access package requests",
        note="missing: Microsoft's description of assignmentRequests that we test against has no "
        "`cancel`; a blocked account gets nothing from a request, and nobody can approve it unseen",
    ),
    Step("remove selected licences", (Action.RELEASE_LICENCES,)),
    Step("remove all licences", (Action.RELEASE_LICENCES,), "never before the mailbox is shared"),
    Step("delete user", (Action.DELETE_ACCOUNT,), "after the retention, behind approval"),
    Step("enable account", (Action.BLOCK_SIGN_IN,), "given back by `restore`"),
    Step("add to groups", (Action.REVOKE_GRANTS,), "only what we took, by `restore`"),
    Step("add to teams", (Action.REVOKE_GRANTS,), "only what we took, by `restore`"),
    Step("run custom task extension", note="an adapter of one's own: docs/adding-a-system.md"),
    Step("mail to manager before last day", note="not ours yet: tasks with an owner, no mail"),
    Step("mail on last day", note="not ours yet: tasks with an owner, no mail"),
    Step("mail to manager after last day", note="not ours yet: tasks with an owner, no mail"),
    Step("inactivity notification", note="not about a leaver"),
)
CIPP = (
    Step("1 revoke sessions", (Action.REVOKE_SESSIONS,), "after the block: before it leaves a gap"),
    Step("2 reset password", (Action.RESET_CREDENTIALS,), "to one that nobody learns"),
    Step("3 disable sign-in", (Action.BLOCK_SIGN_IN,), "first"),
    Step("4 hide from address list", (Action.HIDE_FROM_DIRECTORY,), "by the exchange system"),
    Step("5 remove groups", (Action.REVOKE_GRANTS,), "distribution lists by the exchange system"),
    Step("6 remove inbox rules", (Action.STOP_FORWARDING,), "switched off: they are evidence"),
    Step("7 remove mobile devices", (Action.RETIRE_DEVICES,), "Intune, and Exchange partnerships"),
    Step("8 cancel calendar invites", (Action.CANCEL_MEETINGS,)),
    Step("9 out-of-office", (Action.SET_AUTO_REPLY,)),
    Step("10 forward mail", (Action.FORWARD_MAIL,), "by the exchange system"),
    Step("11 disable forwarding", (Action.STOP_FORWARDING,), "at once, not at the end"),
    Step("12 grant OneDrive access", (Action.TRANSFER_FILES,)),
    Step(
        "13 disable OneDrive sharing",
        note="missing: only SharePoint's own administration has it, and no description to test "
        "against; docs/runbooks/entra-hand-over.md says how by hand",
    ),
    Step("14 full access, no automapping", (Action.DELEGATE_MAILBOX,), "by the exchange system"),
    Step("15 full access, automapping", (Action.DELEGATE_MAILBOX,), "by the exchange system"),
    Step(
        "16 remove the user's mailbox permissions",
        note="missing: it needs a walk over all mailboxes; a blocked account opens none of them; "
        "docs/runbooks/exchange.md says how by hand",
    ),
    Step(
        "17 remove calendar permissions",
        note="missing, for the same reason as mailbox permissions",
    ),
    Step("18 convert to shared", (Action.DELEGATE_MAILBOX,), "its real type is read, no timer"),
    Step("19 remove MFA devices", (Action.REMOVE_FACTORS,), "all nine kinds that Graph removes"),
    Step("20 release Teams phone numbers", (Action.RELEASE_LICENCES,), "before the licence"),
    Step("21 remove licences", (Action.RELEASE_LICENCES,), "waits for the mailbox, not 5 minutes"),
    Step(
        "22 clear immutable id",
        note="left out on purpose: it cuts an account off its directory; a migration's decision",
    ),
    Step("23 delete user", (Action.DELETE_ACCOUNT,), "after the retention, behind approval"),
)
BEYOND = (
    Action.REVOKE_PRIVILEGES,
    Action.REVOKE_TOKENS,
    Action.LOCK_DEVICES,
    Action.TRANSFER_OWNERSHIP,
)
"""What neither of them does."""
