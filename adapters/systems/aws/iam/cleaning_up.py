"""Clean up and retire: groups, policies, and the user with all that IAM wants removed before."""

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.nouns import Account, Held, State
from adapters.systems.aws.door import ABSENT
from adapters.systems.aws.iam.containing import Containing
from adapters.systems.aws.iam.things import SECRETS


class CleaningUp(Containing):
    @action("iam:ListGroupsForUser", "iam:RemoveUserFromGroup", calls="RemoveUserFromGroup")
    async def revoke_grants(self, account: Account) -> Outcome:
        user = await self._user(account)
        if user is None:
            return Outcome.ABSENT
        return await self._leave_groups(user.name)

    async def _leave_groups(self, user: str) -> Outcome:
        groups = await self._groups(user)
        for one in groups:
            await self._api.call("RemoveUserFromGroup", ABSENT, GroupName=one.name, UserName=user)
        return Outcome.CHANGED if groups else Outcome.ALREADY

    @gives_back(Action.REVOKE_GRANTS)
    async def join_groups(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        user = await self._user(account)
        if user is None:
            return
        for group in things:
            await self._api.ask("AddUserToGroup", GroupName=group.name, UserName=user.name)

    @action(
        "iam:ListAttachedUserPolicies",
        "iam:DetachUserPolicy",
        "iam:ListUserPolicies",
        "iam:GetUserPolicy",
        "iam:DeleteUserPolicy",
        calls="DetachUserPolicy and DeleteUserPolicy of every policy that is not the block",
    )
    async def remove_roles(self, account: Account) -> Outcome:
        """The permissions boundary stays: it gives nothing, and without it more is allowed."""
        user = await self._user(account)
        if user is None:
            return Outcome.ABSENT
        return await self._drop_policies(user.name)

    async def _drop_policies(self, user: str) -> Outcome:
        """All but those that deny."""
        held = await self._roles(user)
        for one in held:
            if one.kind == "attached policy":
                await self._detach(user, one.id)
            else:
                await self._drop_inline(user, one.id)
        return Outcome.CHANGED if held else Outcome.ALREADY

    @gives_back(Action.REMOVE_ROLES)
    async def put_policies_back(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        user = await self._user(account)
        if user is None:
            return
        for one in things:
            if one.kind == "attached policy":
                await self._api.ask("AttachUserPolicy", UserName=user.name, PolicyArn=one.id)
            else:
                await self._api.ask(
                    "PutUserPolicy",
                    UserName=user.name,
                    PolicyName=one.id,
                    PolicyDocument=one.details["document"],
                )

    @action(
        "iam:DeleteAccessKey",
        "iam:DeleteServiceSpecificCredential",
        "iam:DeleteSSHPublicKey",
        "iam:DeleteSigningCertificate",
        "iam:DeleteLoginProfile",
        "iam:DeactivateMFADevice",
        "iam:DeleteVirtualMFADevice",
        "iam:RemoveUserFromGroup",
        "iam:DeleteUserPolicy",
        "iam:DetachUserPolicy",
        "iam:DeleteUser",
        calls="Delete… of every credential and policy, RemoveUserFromGroup, then DeleteUser",
        undo=Undo.DESTRUCTIVE,
    )
    async def delete_account(self, account: Account) -> Outcome:
        """What still hangs on a user makes DeleteUser a DeleteConflict; the denials go last."""
        user = await self._user(account)
        if user is None:
            return Outcome.ABSENT
        name = user.name
        for secret in SECRETS.values():
            for entry in await self._secrets(name, secret):
                named = {"UserName": name, secret.id: entry[secret.id]}
                await self._api.call(f"Delete{secret.noun}", ABSENT, **named)
        await self._forget_password(name)
        await self._forget_devices(name, await self._devices(name))
        await self._leave_groups(name)
        await self._drop_policies(name)
        for attached in await self._attached(name):
            await self._detach(name, attached.arn)
        for policy in await self._inline(name):
            await self._drop_inline(name, policy)
        await self._api.call("DeleteUser", ABSENT, UserName=name)
        return Outcome.CHANGED

    async def _detach(self, user: str, arn: str) -> None:
        await self._api.call("DetachUserPolicy", ABSENT, UserName=user, PolicyArn=arn)

    async def _drop_inline(self, user: str, policy: str) -> None:
        await self._api.call("DeleteUserPolicy", ABSENT, UserName=user, PolicyName=policy)
