"""Read an account: where it stands, its teams and tokens, and what it leaves in repositories."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from adapters.actions import Action
from adapters.errors import TargetDenied
from adapters.nouns import NEXT, Account, Held, State
from adapters.reading import read_as
from adapters.systems.github.base import GithubBase, Standing, known
from adapters.systems.github.door import at, granted
from adapters.systems.github.shapes import (
    Authorization,
    Collaborator,
    DeployKey,
    Grant,
    Repository,
    RepositoryInvitation,
    Team,
    TeamMembership,
)

AT_ONCE = 10
"""Reads under way together. GitHub allows a hundred; what else runs needs some of them."""
ADMINISTRATION = "repository permission Administration (read), or scope repo"
RESIDUE = "docs/runbooks/github-residue.md"
FORKS = "removal deletes the member's private forks of the organisation's private repositories"
INDIRECT = "an enterprise team also makes this account a member: it stays one until it leaves that"


@dataclass
class Found:
    """What stands in repositories and belongs to one login."""

    keys: list[Held] = field(default_factory=list)
    invitations: list[Held] = field(default_factory=list)
    collaborations: list[Held] = field(default_factory=list)
    denied: bool = False
    unread: int = 0


class Observing(GithubBase):
    async def observe(self, account: Account, verb: Action | None = None) -> State:
        standing = await self._standing(account)
        if standing is None:
            return State.gone()
        found = None
        if verb in (None, Action.REVOKE_GRANTS) or self._takes_keys(verb):
            found = await known(verb, self._in_repositories(account, standing))
        grants = tokens = None
        if verb in (None, Action.REVOKE_GRANTS):
            grants = await known(verb, self._grants(standing, found))
        if self._settings.sees_tokens and verb in (None, Action.REVOKE_TOKENS):
            tokens = await known(verb, self._tokens(account, standing, found))
        return State(
            enabled=standing.inside,
            grants=grants,
            roles=_roles(standing),
            tokens=tokens,
            residue=self._residue(found) if verb is None else None,
            privileged=standing.owner,
            notes=tuple(_notes(standing)),
        )

    def _takes_keys(self, verb: Action | None) -> bool:
        return verb is Action.REVOKE_TOKENS and self._settings.remove_deploy_keys

    async def _grants(self, standing: Standing, found: Found | None) -> tuple[Held, ...] | None:
        if found is None:
            return None
        if standing.outside and found.denied:
            raise TargetDenied("collaborators cannot be read", ADMINISTRATION)
        held = await self._teams(standing) if standing.membership else []
        if standing.outside and found.unread:
            why = f"{found.unread} repositories were not looked through: raise most_repositories"
            held.append(Held("unread", "repositories", "repository", why))
        return (*held, *found.collaborations, *found.invitations)

    async def _teams(self, standing: Standing) -> list[Held]:
        """GitHub's REST API lists nobody's teams, so each team is asked."""
        teams = [read_as(Team, entry) async for entry in self._pages("teams")]
        turns = asyncio.Semaphore(AT_ONCE)

        async def ask(team: Team) -> Held | None:
            path = self._org("teams", team.slug, "memberships", standing.login)
            async with turns:
                reply = await self._api.get(path, gone_ok=True)
            return None if reply.gone else read_as(TeamMembership, reply.body).held(team)

        return [held for held in await asyncio.gather(*map(ask, teams)) if held]

    async def _tokens(
        self, account: Account, standing: Standing, found: Found | None
    ) -> tuple[Held, ...] | None:
        held: list[Held] = []
        if self._settings.saml:
            with granted("scope read:org of an owner"):
                held += [one async for one in self._authorizations(standing.login)]
        if self._settings.signs_in_as_app:
            for place, kind in FINE_GRAINED.items():
                with granted(f"organization permission {PERMISSIONS[kind]}"):
                    held += [one async for one in self._fine_grained(place, kind, account)]
        if self._settings.remove_deploy_keys:
            if found is None:
                return None
            held += found.keys
        return tuple(held)

    async def _authorizations(self, login: str) -> AsyncIterator[Held]:
        async for entry in self._pages("credential-authorizations", login=login):
            one = read_as(Authorization, entry)
            if one.login.lower() == login.lower():
                yield one.held

    async def _fine_grained(self, place: str, kind: str, account: Account) -> AsyncIterator[Held]:
        """`owner[]` narrows the list; whose each one is, is judged here."""
        async for entry in self._pages(place, **{"owner[]": account.login}):
            one = read_as(Grant, entry)
            if str(one.owner.id) == account.id:
                yield one.held(kind)

    async def _in_repositories(self, account: Account, standing: Standing) -> Found:
        found, most = Found(), self._settings.most_repositories
        chosen: list[Repository] = []
        async for entry in self._pages("repos", sort="pushed"):
            if len(chosen) < most:
                chosen.append(read_as(Repository, entry))
            else:
                found.unread += 1
        turns = asyncio.Semaphore(AT_ONCE)

        async def look(repository: Repository) -> None:
            async with turns:
                await self._look_into(repository, account, standing, found)

        await asyncio.gather(*map(look, chosen))
        return found

    async def _look_into(
        self, repository: Repository, account: Account, standing: Standing, found: Found
    ) -> None:
        """A 403 or 404 of a repository that was listed: we are no administrator there."""
        where = at("repos", *repository.place)
        take = self._settings.remove_deploy_keys
        try:
            async for entry in self._api.pages(f"{where}/keys"):
                key = read_as(DeployKey, entry)
                if (key.added_by or "").lower() == standing.login.lower():
                    found.keys.append(key.held(repository, taken=take))
            async for entry in self._api.pages(f"{where}/invitations"):
                one = read_as(RepositoryInvitation, entry)
                if one.invitee and str(one.invitee.id) == account.id:
                    found.invitations.append(one.held(repository))
            if standing.outside:
                outside = {"affiliation": "outside"}
                async for entry in self._api.pages(f"{where}/collaborators", outside):
                    them = read_as(Collaborator, entry)
                    if str(them.id) == account.id:
                        found.collaborations.append(them.held(repository))
        except TargetDenied:
            found.denied = True

    def _residue(self, found: Found | None) -> tuple[Held, ...] | None:
        """What outlives a membership. What GitHub ties to nobody is said once, for everybody."""
        if found is None:
            return None
        left = [] if self._settings.remove_deploy_keys else list(found.keys)
        unread = f"{found.unread} repositories were not looked through: raise most_repositories"
        for why, is_so in (
            (unread, found.unread > 0),
            (f"cannot be read everywhere: grant {ADMINISTRATION}", found.denied),
        ):
            if is_so:
                left.append(
                    _left("deploy keys", why, "Look through them for keys that the leaver added.")
                )
        nobody = "GitHub does not say who made them or who knows their secrets"
        then = f"Rotate what the leaver could read, as {RESIDUE} says."
        return (*left, _left("webhooks, secrets, runners and installed apps", nobody, then))


FINE_GRAINED = {
    "personal-access-tokens": "fine-grained token",
    "personal-access-token-requests": "request of a token",
}
"""Where GitHub lists what of fine-grained tokens."""
PERMISSIONS = {
    "fine-grained token": "Personal access tokens (write)",
    "request of a token": "Personal access token requests (write)",
}


def _left(what: str, why: str, then: str) -> Held:
    return Held(what, what, "residue", why, {NEXT: then})


def _roles(standing: Standing) -> tuple[Held, ...]:
    if standing.owner:
        return (Held("admin", "owner of the organisation", "organisation role"),)
    if standing.membership and standing.membership.role == "billing_manager":
        why = "it goes with the membership"
        return (Held("billing_manager", "billing manager", "organisation role", why),)
    return ()


def _notes(standing: Standing) -> Sequence[str]:
    if standing.membership is None:
        return []
    indirect = standing.membership.direct is False
    return [FORKS, INDIRECT] if indirect else [FORKS]
