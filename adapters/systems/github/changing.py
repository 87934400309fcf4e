"""The verbs: out of the organisation, its tokens, its ownership and its teams."""

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import NeedsHuman
from adapters.nouns import Account, Held, State
from adapters.postconditions import removable
from adapters.reading import read_as
from adapters.systems.github.base import INVITED, MEMBERS, Standing
from adapters.systems.github.door import at, granted
from adapters.systems.github.observing import PERMISSIONS, Observing
from adapters.systems.github.shapes import User

LAST_OWNER = "docs/runbooks/github-last-owner.md"
BACK = "docs/runbooks/github-way-back.md"
PERMISSION_OF = {"read": "pull", "write": "push"}
"""GitHub lists `role_name: read` and takes `permission: pull` for the same thing."""


class Changing(Observing):
    @action(
        MEMBERS,
        calls="DELETE /orgs/{org}/memberships/{login}, /outside_collaborators/{login} or "
        "/invitations/{id}",
        undo=Undo.RE_ENROL,
    )
    async def block_sign_in(self, account: Account) -> Outcome:
        """Out of the organisation. Back in is by an invitation that the person accepts."""
        standing = await self._standing(account)
        if standing is None:
            return Outcome.ABSENT
        if not standing.inside:
            return Outcome.ALREADY
        if standing.owner:
            await self._spare_the_last_owner(account)
        if standing.membership and standing.membership.direct is False:
            raise NeedsHuman(
                "the membership comes from an enterprise team: take it out of that team",
                "docs/runbooks/github-enterprise-team.md",
            )
        with granted(MEMBERS):
            await self._api.delete(self._way_out(standing), gone_ok=True)
        return Outcome.CHANGED

    def _way_out(self, standing: Standing) -> str:
        if standing.invitation:
            return self._org("invitations", standing.invitation)
        place = "memberships" if standing.membership else "outside_collaborators"
        return self._org(place, standing.login)

    async def _spare_the_last_owner(self, account: Account) -> None:
        """GitHub refuses it, and without an owner nobody could mend anything."""
        owners = [read_as(User, entry) async for entry in self._pages("members", role="admin")]
        if all(str(owner.id) == account.id for owner in owners):
            raise NeedsHuman("the last owner of the organisation: add another first", LAST_OWNER)

    @gives_back(Action.BLOCK_SIGN_IN)
    async def invite_again(self, account: Account, before: State, _: tuple[Held, ...]) -> None:
        """As a member, never as an owner, with the teams of before. The person has to accept."""
        standing = await self._standing(account)
        if before.grants is None or standing is None or account.id.startswith(INVITED):
            raise NeedsHuman("what the account was in the organisation is not known", BACK)
        repositories = [one for one in before.grants if one.kind == "repository"]
        if not standing.inside and not repositories:
            with granted(MEMBERS):
                await self._api.put(self._org("memberships", standing.login), {"role": "member"})
        await self.join_again(account, before, removable(before.grants))

    @action(
        "scope admin:org of an owner (SAML)",
        f"organization permission {PERMISSIONS['fine-grained token']}",
        f"organization permission {PERMISSIONS['request of a token']}",
        calls="DELETE /orgs/{org}/credential-authorizations/{id}; POST /orgs/{org}/personal-access-"
        "tokens/{id} revoke, …-token-requests/{id} deny; DELETE /repos/{repo}/keys/{id}",
        undo=Undo.RE_ENROL,
    )
    async def revoke_tokens(self, account: Account) -> Outcome:
        """What may still speak to the organisation. Deploy keys only where the settings say so."""
        seen = await self.observe(account, Action.REVOKE_TOKENS)
        if not seen.exists:
            return Outcome.ABSENT
        held = removable(seen.tokens or ())
        for one in held:
            await self._end(one)
        return Outcome.CHANGED if held else Outcome.ALREADY

    async def _end(self, held: Held) -> None:
        match held.kind:
            case "fine-grained token":
                path = self._org("personal-access-tokens", held.id)
                await self._api.post(path, {"action": "revoke"}, gone_ok=True)
            case "request of a token":
                path = self._org("personal-access-token-requests", held.id)
                await self._api.post(path, {"action": "deny"}, gone_ok=True)
            case "deploy key":
                path = at("repos", *held.details["repository"].split("/"), "keys", held.id)
                await self._api.delete(path, gone_ok=True)
            case _:
                path = self._org("credential-authorizations", held.id)
                await self._api.delete(path, gone_ok=True)

    @action(MEMBERS, calls="PUT /orgs/{org}/memberships/{login} role member")
    async def revoke_privileges(self, account: Account) -> Outcome:
        """An owner becomes a member: of use where the membership itself could not be taken."""
        standing = await self._standing(account)
        if standing is None:
            return Outcome.ABSENT
        if not standing.owner:
            return Outcome.ALREADY
        await self._spare_the_last_owner(account)
        with granted(MEMBERS):
            await self._api.put(self._org("memberships", standing.login), {"role": "member"})
        return Outcome.CHANGED

    @gives_back(Action.REVOKE_PRIVILEGES)
    async def make_owner(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        standing = await self._standing(account)
        if standing and things and not standing.owner:
            with granted(MEMBERS):
                await self._api.put(self._org("memberships", standing.login), {"role": "admin"})

    @action(
        MEMBERS,
        calls="DELETE /orgs/{org}/teams/{slug}/memberships/{login}; DELETE /repos/{repo}/"
        "collaborators/{login}, /repos/{repo}/invitations/{id}",
    )
    async def revoke_grants(self, account: Account) -> Outcome:
        standing = await self._standing(account)
        if standing is None:
            return Outcome.ABSENT
        held = removable((await self.observe(account, Action.REVOKE_GRANTS)).grants or ())
        for one in held:
            with granted(f"{MEMBERS}; teams that an identity provider writes are left there"):
                await self._api.delete(self._place(one, standing.login), gone_ok=True)
        return Outcome.CHANGED if held else Outcome.ALREADY

    def _place(self, held: Held, login: str) -> str:
        if held.kind == "team":
            return self._org("teams", held.details["slug"], "memberships", login)
        repository = held.details["repository"].split("/")
        if held.kind == "repository invitation":
            return at("repos", *repository, "invitations", held.id)
        return at("repos", *repository, "collaborators", login)

    @gives_back(Action.REVOKE_GRANTS)
    async def join_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        """Somebody who is out is invited by this; what stands there already is left alone."""
        standing = await self._standing(account)
        if standing is None:
            raise NeedsHuman("the account is not there any more", BACK)
        for held in things:
            if held.kind == "team":
                body = {"role": held.details["role"]}
            elif held.kind == "repository":
                body = {"permission": PERMISSION_OF.get(held.details["role"], held.details["role"])}
            else:
                continue
            with granted(MEMBERS):
                await self._api.put(self._place(held, standing.login), body)
