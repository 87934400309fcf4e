"""Prove the credential: one harmless read, who the subject is, and each scope by itself."""

import asyncio
from collections.abc import Mapping

import httpx

from adapters.actions import Action
from adapters.contract import Check, Facts
from adapters.systems.google.cleaning_up import CleaningUp
from adapters.systems.google.door import entries_of, user_at
from adapters.systems.google.scopes import DANGEROUS, USERS
from adapters.systems.google.signing import acting

UNGRANTED = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})


class Checking(CleaningUp):
    async def check(self) -> Check:
        with acting(USERS):
            path, customer = "/admin/directory/v1/users", self._settings.customer
            reply = await self._doors.admin.get(path, customer=customer, maxResults=1)
        entries_of(reply.body, "users")
        if self._settings.token or not self._settings.subject:
            return Check("users can be read; a static token does not say what else is granted")
        role = await self._subject(self._settings.subject)
        needed = {scope for facts in self.facts().values() for scope in facts.permissions}
        wanted = [*sorted(needed), *DANGEROUS]
        answers = await asyncio.gather(*map(self._granted, wanted))
        granted = {scope for scope, is_so in zip(wanted, answers, strict=True) if is_so}
        return Check(
            f"users can be read in the name of {role}; "
            f"{len(granted & needed)} of {len(needed)} scopes are authorised",
            _missing(self.facts(), granted),
            tuple(scope for scope in DANGEROUS if scope in granted),
        )

    async def _subject(self, address: str) -> str:
        user = await self._user(address)
        if user and user.super_admin:
            return "a super administrator"
        if user and user.delegated_admin:
            return "a delegated administrator, who cannot act on administrators"
        return "somebody who is no administrator"

    async def _granted(self, scope: str) -> bool:
        """Asked of the token endpoint alone. Google refuses a token for what is not authorised."""
        with acting(scope, probe=True):
            reply = await self._doors.admin.send(
                "GET", user_at(self._settings.subject or ""), codes=UNGRANTED
            )
        return reply.status == httpx.codes.OK


def _missing(facts: Mapping[Action, Facts], granted: set[str]) -> dict[Action, str]:
    lacking = {
        verb: [scope for scope in one.permissions if scope not in granted]
        for verb, one in facts.items()
    }
    return {verb: " and ".join(scopes) for verb, scopes in lacking.items() if scopes}
