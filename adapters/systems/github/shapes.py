"""What is read from GitHub's REST API, and how each thing is said as a Held."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from adapters.matching import normal_address
from adapters.nouns import NEXT, NO_WAY_BACK, Held, Kind
from adapters.reading import Answer
from adapters.systems.scim import shapes as scim

MANAGED_ELSEWHERE = "an enterprise team: membership is managed in the enterprise"


class Organisation(Answer):
    id: int
    login: str = Field(min_length=1)


class User(Answer):
    id: int
    login: str = Field(min_length=1)
    type: str = "User"

    @property
    def kind(self) -> Kind:
        return Kind.SERVICE if self.type == "Bot" else Kind.PERSON


class Membership(Answer):
    """Active or pending: who was invited is one click away from being in."""

    state: Literal["active", "pending"]
    role: str
    direct: bool | None = Field(None, alias="direct_membership")
    user: User


class Invitation(Answer):
    id: int
    login: str | None = None
    email: str | None = None


class Licence(Answer):
    """A row of the licences of an enterprise: whose mail belongs to which login."""

    login: str | None = Field(None, alias="github_com_login")
    name_id: str | None = Field(None, alias="github_com_saml_name_id")
    emails: tuple[str, ...] = Field((), alias="github_com_verified_domain_emails")

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a for a in (self.name_id, *self.emails) if a))


class Authorization(Answer):
    """A credential that its holder has authorised for the organisation (SAML)."""

    login: str
    id: int = Field(alias="credential_id")
    kind: str = Field(alias="credential_type")
    title: str | None = Field(None, alias="authorized_credential_title")
    note: str | None = Field(None, alias="authorized_credential_note")

    @property
    def held(self) -> Held:
        return Held(str(self.id), self.title or self.note or self.kind, self.kind)


class Grant(Answer):
    """A fine-grained token that may reach the organisation, or asks to."""

    id: int
    owner: User
    name: str = Field(alias="token_name")

    def held(self, kind: str) -> Held:
        return Held(str(self.id), self.name, kind)


class Team(Answer):
    id: int
    slug: str = Field(min_length=1)
    name: str
    type: str = "organization"


class TeamMembership(Answer):
    role: Literal["member", "maintainer"]
    state: Literal["active", "pending"]

    def held(self, team: Team) -> Held:
        obstacle = MANAGED_ELSEWHERE if team.type == "enterprise" else None
        details = {"slug": team.slug, "role": self.role}
        return Held(str(team.id), team.name, "team", obstacle, details)


class Repository(Answer):
    id: int
    full_name: str = Field(pattern=r"^[^/]+/[^/]+$")
    archived: bool = False

    @property
    def place(self) -> tuple[str, str]:
        owner, _, name = self.full_name.partition("/")
        return owner, name


class DeployKey(Answer):
    id: int
    key: str = ""
    title: str = ""
    read_only: bool = True
    added_by: str | None = None

    def held(self, repository: Repository, *, taken: bool) -> Held:
        """A key is nobody's: it works on after whoever added it has gone."""
        writes = "read" if self.read_only else "read and write"
        return Held(
            str(self.id),
            f"{repository.full_name}: {self.title} ({writes})",
            "deploy key",
            None if taken else "whatever uses the key stops working without it",
            {
                "repository": repository.full_name,
                NO_WAY_BACK: "whoever runs what uses it makes a new one",
                NEXT: "Find what uses the key, make a new one there, then delete this one.",
            },
        )


class RepositoryInvitation(Answer):
    id: int
    invitee: User | None = None
    permissions: str = "read"

    def held(self, repository: Repository) -> Held:
        details = {
            "repository": repository.full_name,
            NO_WAY_BACK: "an administrator of the repository invites again",
        }
        return Held(str(self.id), repository.full_name, "repository invitation", None, details)


class Collaborator(Answer):
    id: int
    role: str = Field(alias="role_name", min_length=1)

    def held(self, repository: Repository) -> Held:
        details = {"repository": repository.full_name, "role": self.role}
        return Held(repository.full_name, repository.full_name, "repository", None, details)


def mail_of(user: scim.User) -> tuple[str, ...]:
    """The addresses of a SCIM user; `userName` is one more, where it is an address."""
    mail = (*(one.value for one in user.emails), user.login)
    return tuple(dict.fromkeys(one for one in mail if one))


def login_of(user: scim.User, logins: Mapping[str, str]) -> str | None:
    """The one login that the licences have for the addresses of a SCIM user."""
    found = {logins[key] for one in mail_of(user) if (key := normal_address(one)) in logins}
    return found.pop() if len(found) == 1 else None
