"""What is changed at a user of Identity Center, and how each change is taken back."""

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from adapters.nouns import Account, Held, State
from adapters.reading import read_as
from adapters.systems.aws.center.observing import RUNBOOK, Observing
from adapters.systems.aws.center.things import APPLICATION, ASSIGNMENT, Progress
from adapters.systems.aws.door import ABSENT

UNDER_WAY_SECONDS = 5.0
"""When to look again at a deletion that AWS has begun; AWS names no time."""
NOT_TAKEN = frozenset({"ValidationException"})
MADE = frozenset({"ConflictException"})


class Changing(Observing):
    @action(
        "identitystore:DescribeUser",
        "identitystore:UpdateUser",
        calls="UpdateUser userStatus DISABLED",
    )
    async def block_sign_in(self, account: Account) -> Outcome:
        """AWS describes `UserStatus` among what a user has, and not whether it may be written: what
        is read back decides.
        """
        user = await self._user(account.id)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is False:
            return Outcome.ALREADY
        await self._set_status(account, "DISABLED")
        return Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        await self._set_status(account, "ENABLED")

    async def _set_status(self, account: Account, status: str) -> None:
        done = await self._doors.store.call(
            "UpdateUser",
            NOT_TAKEN,
            IdentityStoreId=(await self._instance()).store,
            UserId=account.id,
            Operations=[{"AttributePath": "userStatus", "AttributeValue": status}],
        )
        if done is None:
            raise NeedsHuman("AWS does not take the status of a user by its API", RUNBOOK)

    @action(
        "organizations:DescribePolicy",
        "organizations:UpdatePolicy",
        calls="UpdatePolicy of the configured service control policy, with the user's id added",
    )
    async def revoke_sessions(self, account: Account) -> Outcome:
        if await self._user(account.id) is None:
            return Outcome.ABSENT
        if self._denied is None:
            raise NeedsHuman("no deny_policy is configured: sessions end by themselves", RUNBOOK)
        written = await self._denied.put(account.id, denied=True)
        return Outcome.CHANGED if written else Outcome.ALREADY

    @gives_back(Action.REVOKE_SESSIONS)
    async def allow_sessions(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        """New ones: old ones have ended by then, or may go on for what is left of their hours."""
        if self._denied is not None:
            await self._denied.put(account.id, denied=False)

    @action(
        "sso:ListAccountAssignmentsForPrincipal",
        "sso:DeleteAccountAssignment",
        "sso:DescribeAccountAssignmentDeletionStatus",
        "identitystore:ListGroupMembershipsForMember",
        "identitystore:DeleteGroupMembership",
        calls="DeleteGroupMembership of groups that open AWS accounts; DeleteAccountAssignment of "
        "the user's own, and its status",
    )
    async def revoke_privileges(self, account: Account) -> Outcome:
        """Groups first: they go at once, while the deletion of an assignment is only begun."""
        if await self._user(account.id) is None:
            return Outcome.ABSENT
        held = await self._roles(account.id)
        for one in held:
            if one.kind != ASSIGNMENT:
                await self._leave(one)
        begun = [await self._unassign(account, one) for one in held if one.kind == ASSIGNMENT]
        for deletion in begun:
            await self._follow(deletion)
        return Outcome.CHANGED if held else Outcome.ALREADY

    async def _unassign(self, account: Account, held: Held) -> Progress | None:
        """None: somebody else was faster."""
        answer = await self._doors.admin.call(
            "DeleteAccountAssignment", ABSENT, **await self._assigned(account, held)
        )
        if answer is None:
            return None
        return read_as(Progress, answer.get("AccountAssignmentDeletionStatus"))

    async def _follow(self, begun: Progress | None) -> None:
        """Raises TryAgain while AWS is at it, Unrecognised if it gave up."""
        if begun is None or begun.status == "SUCCEEDED":
            return
        now = begun
        if begun.id and begun.status == "IN_PROGRESS":
            answer = await self._doors.admin.ask(
                "DescribeAccountAssignmentDeletionStatus",
                InstanceArn=(await self._instance()).arn,
                AccountAssignmentDeletionRequestId=begun.id,
            )
            now = read_as(Progress, answer.get("AccountAssignmentDeletionStatus"))
        if now.status == "IN_PROGRESS":
            raise TryAgain("AWS is still deleting an account assignment", UNDER_WAY_SECONDS)
        if now.status != "SUCCEEDED":
            raise Unrecognised(f"the deletion of an account assignment ended as {now.status}")

    @gives_back(Action.REVOKE_PRIVILEGES)
    async def open_accounts(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        there = {one.key for one in await self._roles(account.id)}
        for one in things:
            if one.key in there:
                continue
            if one.kind == ASSIGNMENT:
                await self._doors.admin.ask(
                    "CreateAccountAssignment", **await self._assigned(account, one)
                )
            else:
                await self._join(account, one)

    async def _assigned(self, account: Account, held: Held) -> dict[str, str]:
        return {
            "InstanceArn": (await self._instance()).arn,
            "TargetId": held.details["account"],
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": held.details["permission_set"],
            "PrincipalType": "USER",
            "PrincipalId": account.id,
        }

    @action(
        "identitystore:ListGroupMembershipsForMember",
        "identitystore:DeleteGroupMembership",
        "sso:ListAccountAssignmentsForPrincipal",
        "sso:ListApplicationAssignmentsForPrincipal",
        "sso:DeleteApplicationAssignment",
        calls="DeleteGroupMembership of the other groups, DeleteApplicationAssignment",
    )
    async def revoke_grants(self, account: Account) -> Outcome:
        if await self._user(account.id) is None:
            return Outcome.ABSENT
        held = await self._grants(account.id)
        for one in held:
            if one.kind == APPLICATION:
                await self._doors.admin.call(
                    "DeleteApplicationAssignment", ABSENT, **_application(account, one)
                )
            else:
                await self._leave(one)
        return Outcome.CHANGED if held else Outcome.ALREADY

    @gives_back(Action.REVOKE_GRANTS)
    async def join_groups(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        for one in things:
            if one.kind == APPLICATION:
                await self._doors.admin.call(
                    "CreateApplicationAssignment", MADE, **_application(account, one)
                )
            else:
                await self._join(account, one)

    async def _leave(self, held: Held) -> None:
        await self._doors.store.call(
            "DeleteGroupMembership",
            ABSENT,
            IdentityStoreId=(await self._instance()).store,
            MembershipId=held.id,
        )

    async def _join(self, account: Account, held: Held) -> None:
        """A conflict says that the membership stands already; reading back decides."""
        await self._doors.store.call(
            "CreateGroupMembership",
            MADE,
            IdentityStoreId=(await self._instance()).store,
            GroupId=held.details["group"],
            MemberId={"UserId": account.id},
        )

    @action(
        "identitystore:DeleteUser",
        calls="DeleteUser",
        undo=Undo.DESTRUCTIVE,
    )
    async def delete_account(self, account: Account) -> Outcome:
        """One that is made anew has another id: no assignment and no membership comes back."""
        if await self._user(account.id) is None:
            return Outcome.ABSENT
        await self._doors.store.call(
            "DeleteUser",
            ABSENT,
            IdentityStoreId=(await self._instance()).store,
            UserId=account.id,
        )
        return Outcome.CHANGED


def _application(account: Account, held: Held) -> dict[str, str]:
    return {"ApplicationArn": held.id, "PrincipalId": account.id, "PrincipalType": "USER"}
