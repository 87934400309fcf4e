"""IAM users of one AWS account: who is who, and what the adapter does and does not.

The verbs stand in chapters, one file each: containing, cleaning_up.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Self

import httpx

from adapters.actions import Action
from adapters.clock import Clock
from adapters.contract import Check, by_hand, covered_by, not_applicable
from adapters.errors import AdapterError
from adapters.nouns import Account, Kind, Person
from adapters.reading import read_as
from adapters.systems.aws.door import AwsApi, opened
from adapters.systems.aws.iam.cleaning_up import CleaningUp
from adapters.systems.aws.iam.containing import RUNBOOK
from adapters.systems.aws.iam.observing import PAGE
from adapters.systems.aws.iam.things import User
from adapters.systems.aws.permissions import judge
from adapters.systems.aws.settings import IamSettings
from adapters.systems.aws.signing import Keys

NO_MAIL = not_applicable("IAM knows no mail")
NO_DEVICES = not_applicable("IAM knows no devices but factors")


class AwsIam(CleaningUp):
    Settings = IamSettings
    # Deny everything first: one call that ends keys, console and sessions alike, and that the user
    # cannot take back. Factors last: behind a block that was read back.
    contain = (
        Action.BLOCK_SIGN_IN,
        Action.REVOKE_TOKENS,
        Action.REVOKE_SESSIONS,
        Action.RESET_CREDENTIALS,
        Action.REMOVE_FACTORS,
    )
    # IAM is eventually consistent, and AWS names no time for it; this one is our choice.
    propagation = timedelta(seconds=10)
    gaps = {
        # An explicit deny beats whatever an administrator is allowed.
        Action.REVOKE_PRIVILEGES: covered_by(Action.BLOCK_SIGN_IN),
        Action.LOCK_DEVICES: NO_DEVICES,
        Action.STOP_FORWARDING: NO_MAIL,
        # What a user made in AWS belongs to the AWS account; keys and jobs are known to people.
        Action.TRANSFER_FILES: not_applicable("what is made in AWS belongs to the AWS account"),
        Action.TRANSFER_OWNERSHIP: by_hand(RUNBOOK),
        Action.DELEGATE_MAILBOX: NO_MAIL,
        Action.FORWARD_MAIL: NO_MAIL,
        Action.SET_AUTO_REPLY: NO_MAIL,
        Action.CANCEL_MEETINGS: not_applicable("IAM knows no calendars"),
        Action.RELEASE_LICENCES: not_applicable("AWS does not charge for IAM users"),
        Action.HIDE_FROM_DIRECTORY: not_applicable("IAM knows no address list"),
        Action.RETIRE_DEVICES: NO_DEVICES,
        Action.WIPE_DEVICES: NO_DEVICES,
    }

    def __init__(
        self, system: str, api: AwsApi, sts: AwsApi, settings: IamSettings, clock: Clock
    ) -> None:
        super().__init__(system, api, settings, clock)
        self._sts = sts

    @classmethod
    def connect(
        cls,
        system: str,
        settings: IamSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        keys = Keys(settings, clock)
        iam, sts = (opened(one, settings, transport, system, keys) for one in ("iam", "sts"))
        return cls(system, iam, sts, settings, clock)

    async def check(self) -> Check:
        """One harmless read, then what IAM says that our own policies allow."""
        first = self._api.pages("ListUsers", "Users", MaxItems=1)
        async for entry in first:
            read_as(User, entry)
            break
        return await judge(self._sts, self._api, self.facts(), "users can be read")

    async def candidates(self, person: Person) -> tuple[Account, ...]:  # noqa: ARG002
        """Everybody: IAM has no search, and addresses stand in tags that only this list shows.

        The user that we sign in as may bear the address of whoever made it, and is never theirs.
        """
        ourselves = await self._our_own_id()
        return tuple(
            [
                replace(account, kind=Kind.SERVICE) if account.id == ourselves else account
                async for account in self.accounts()
            ]
        )

    async def _our_own_id(self) -> str | None:
        """None if STS does not tell; a role has an id that is no user's."""
        try:
            return str((await self._sts.ask("GetCallerIdentity")).get("UserId"))
        except AdapterError:
            return None

    async def accounts(self) -> AsyncIterator[Account]:
        found = self._api.pages(
            "GetAccountAuthorizationDetails", "UserDetailList", Filter=["User"], MaxItems=PAGE
        )
        async for entry in found:
            yield self._account(read_as(User, entry))

    async def close(self) -> None:
        await super().close()
        await self._sts.close()

    def _account(self, user: User) -> Account:
        address = user.tag(self._settings.email_tag)
        service = user.path.startswith(self._settings.service_paths or ("\0",))
        return Account(
            self.system,
            user.id,
            user.name,
            (address,) if address else (),
            user.tag(self._settings.employee_number_tag),
            Kind.SERVICE if service else Kind.PERSON,
            user.created_at,
        )
