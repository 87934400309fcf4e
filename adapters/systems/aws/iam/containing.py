"""Contain, and its ways back: deny everything, switch credentials off, end sessions."""

from collections.abc import Sequence

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import AdapterError, NeedsHuman, TryAgain
from adapters.nouns import Account, Held, State
from adapters.systems.aws.door import ABSENT
from adapters.systems.aws.iam import policies
from adapters.systems.aws.iam.observing import Observing
from adapters.systems.aws.iam.things import SECRETS, Device

RUNBOOK = "docs/runbooks/aws-iam.md"
FULL = frozenset({"LimitExceeded"})
"""The inline policies of a user may take 2,048 characters together (AWS, "IAM and STS quotas")."""


class Containing(Observing):
    @action(
        "iam:GetUser",
        "iam:GetUserPolicy",
        "iam:ListAttachedUserPolicies",
        "iam:PutUserPolicy",
        "iam:AttachUserPolicy",
        calls="PutUserPolicy ExeuntBlocked (deny everything); AttachUserPolicy AWSDenyAll where "
        "the user's inline policies leave no room",
    )
    async def block_sign_in(self, account: Account) -> Outcome:
        user = await self._user(account)
        if user is None:
            return Outcome.ABSENT
        if (await self._standing(user.name)).blocked:
            return Outcome.ALREADY
        done = await self._api.call(
            "PutUserPolicy",
            FULL,
            UserName=user.name,
            PolicyName=policies.BLOCK,
            PolicyDocument=policies.deny_all(),
        )
        if done is None:
            arn = f"arn:{user.partition}:iam:{policies.DENY_ALL}"
            await self._api.ask("AttachUserPolicy", UserName=user.name, PolicyArn=arn)
        return Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, before: State, _: tuple[Held, ...]) -> None:
        """A denial that stood there before us stays."""
        user = await self._user(account)
        if user is None or before.enabled is False:
            return
        await self._api.call(
            "DeleteUserPolicy", ABSENT, UserName=user.name, PolicyName=policies.BLOCK
        )
        for one in await self._attached(user.name):
            if one.denies_all:
                await self._api.call(
                    "DetachUserPolicy", ABSENT, UserName=user.name, PolicyArn=one.arn
                )

    @action(
        "iam:ListAccessKeys",
        "iam:UpdateAccessKey",
        "iam:ListServiceSpecificCredentials",
        "iam:UpdateServiceSpecificCredential",
        "iam:ListSSHPublicKeys",
        "iam:UpdateSSHPublicKey",
        "iam:ListSigningCertificates",
        "iam:UpdateSigningCertificate",
        calls="UpdateAccessKey, UpdateServiceSpecificCredential, UpdateSSHPublicKey and "
        "UpdateSigningCertificate to Inactive",
    )
    async def revoke_tokens(self, account: Account) -> Outcome:
        """Off, not deleted: a secret that is deleted is gone for good, and so is the evidence.

        A list that may not be read spares no other kind; its refusal comes last.
        """
        user = await self._user(account)
        if user is None:
            return Outcome.ABSENT
        done, refused = 0, None
        for secret in SECRETS.values():
            try:
                active = filter(secret.lets_in, await self._secrets(user.name, secret))
                held = [secret.held(entry) for entry in active]
                await self._switch(user.name, held, "Inactive")
                done += len(held)
            except AdapterError as why:
                refused = refused or why
        if refused:
            raise refused
        return Outcome.CHANGED if done else Outcome.ALREADY

    @gives_back(Action.REVOKE_TOKENS)
    async def let_tokens_in(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        user = await self._user(account)
        if user is not None:
            there = {one.key for one in await self._tokens(user.name)}
            await self._switch(user.name, [t for t in things if t.key not in there], "Active")

    async def _switch(self, user: str, held: Sequence[Held], status: str) -> None:
        """Without the name of the user, AWS would take our own key for the one that is meant."""
        for one in held:
            secret = SECRETS[one.kind]
            named = {"UserName": user, secret.id: one.id, "Status": status}
            await self._api.call(f"Update{secret.noun}", ABSENT, **named)

    @action(
        "iam:GetUserPolicy",
        "iam:PutUserPolicy",
        calls="PutUserPolicy ExeuntRevokedSessions (deny by aws:TokenIssueTime)",
        undo=Undo.RE_ENROL,
    )
    async def revoke_sessions(self, account: Account) -> Outcome:
        """The block ends them too; this keeps them ended once the block is lifted."""
        user = await self._user(account)
        if user is None:
            return Outcome.ABSENT
        done = await self._api.call(
            "PutUserPolicy",
            FULL,
            UserName=user.name,
            PolicyName=policies.SESSIONS,
            PolicyDocument=policies.deny_sessions_before(self._clock.now()),
        )
        if done is None:
            raise NeedsHuman("the user's inline policies leave no room for another one", RUNBOOK)
        return Outcome.CHANGED

    @action(
        "iam:GetLoginProfile",
        "iam:DeleteLoginProfile",
        calls="DeleteLoginProfile",
        undo=Undo.RE_ENROL,
    )
    async def reset_credentials(self, account: Account) -> Outcome:
        """The console password is deleted: no password of any kind can be read or given back, and
        only that it is gone can be read afterwards.
        """
        user = await self._user(account)
        if user is None:
            return Outcome.ABSENT
        gone = await self._forget_password(user.name)
        return Outcome.CHANGED if gone else Outcome.ALREADY

    async def _forget_password(self, user: str) -> bool:
        if await self._api.call("GetLoginProfile", ABSENT, UserName=user) is None:
            return False
        await self._api.call("DeleteLoginProfile", ABSENT, UserName=user)
        return True

    @action(
        "iam:ListMFADevices",
        "iam:DeactivateMFADevice",
        "iam:DeleteVirtualMFADevice",
        calls="DeactivateMFADevice, then DeleteVirtualMFADevice of a virtual one",
        undo=Undo.RE_ENROL,
    )
    async def remove_factors(self, account: Account) -> Outcome:
        """Only behind a block that was read back: until then a factor is what keeps others out."""
        user = await self._user(account)
        if user is None:
            return Outcome.ABSENT
        if not (await self._standing(user.name)).blocked:
            raise TryAgain("factors stay until the block is to be seen", 60)
        devices = await self._devices(user.name)
        await self._forget_devices(user.name, devices)
        return Outcome.CHANGED if devices else Outcome.ALREADY

    async def _forget_devices(self, user: str, devices: Sequence[Device]) -> None:
        for one in devices:
            await self._api.call(
                "DeactivateMFADevice", ABSENT, UserName=user, SerialNumber=one.serial
            )
            if one.virtual:
                await self._api.call("DeleteVirtualMFADevice", ABSENT, SerialNumber=one.serial)
