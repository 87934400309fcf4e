"""What is read from Slack's Web API. Its SCIM has the shapes of RFC 7643."""

from pydantic import Field

from adapters.nouns import Held, Kind
from adapters.reading import Answer

LAST = "a user group cannot be empty: put somebody else into it, or disable it"
NOT_OURS = "Slack keeps this group itself"


class Member(Answer):
    """A user as users.info tells: what SCIM leaves out. What decides must be in the answer."""

    id: str = Field(min_length=1)
    is_bot: bool
    deleted: bool | None = None
    primary_owner: bool = Field(default=False, alias="is_primary_owner")
    owner: bool = Field(default=False, alias="is_owner")
    admin: bool = Field(default=False, alias="is_admin")
    restricted: bool = Field(default=False, alias="is_restricted")
    ultra_restricted: bool = Field(default=False, alias="is_ultra_restricted")

    @property
    def kind(self) -> Kind:
        if self.is_bot:
            return Kind.SERVICE
        return Kind.GUEST if self.restricted or self.ultra_restricted else Kind.PERSON

    @property
    def roles(self) -> tuple[Held, ...]:
        """They count for nothing once the account is deactivated, and no method here takes them."""
        why = "it ends with the account: Exeunt changes no roles in Slack"
        said = (
            ("primary_owner", "primary owner", self.primary_owner),
            ("owner", "owner", self.owner and not self.primary_owner),
            ("admin", "administrator", self.admin and not self.owner),
        )
        return tuple(Held(i, name, "role", why) for i, name, is_so in said if is_so)


class UserGroup(Answer):
    id: str = Field(min_length=1)
    name: str
    users: tuple[str, ...] = ()
    auto: str | None = Field(None, alias="auto_type")
    deleted_at: int = Field(0, alias="date_delete")

    @property
    def held(self) -> Held:
        obstacle = LAST if len(self.users) == 1 else None
        return Held(self.id, self.name, "user group", NOT_OURS if self.auto else obstacle)


class UserGroups(Answer):
    groups: tuple[UserGroup, ...] = Field(alias="usergroups")


class Session(Answer):
    user: str = Field(alias="user_id")


class Sessions(Answer):
    """A page of all open sessions of an organisation. They bear no instant."""

    class Metadata(Answer):
        following: str = Field("", alias="next_cursor")

    sessions: tuple[Session, ...] = Field(alias="active_sessions")
    metadata: Metadata = Field(Metadata(), alias="response_metadata")
