"""What is read from Datadog's API v2: JSON:API resources (its description of 2026-04-14)."""

from datetime import datetime

from pydantic import Field

from adapters.reading import Answer


class Ref(Answer):
    id: str


class One(Answer):
    """A relationship to one thing."""

    data: Ref | None = None


class Many(Answer):
    data: tuple[Ref, ...] = ()


class User(Answer):
    class Attributes(Answer):
        handle: str = ""
        email: str = ""
        disabled: bool | None = None
        service_account: bool = False
        created_at: datetime | None = None

    class Relationships(Answer):
        roles: Many = Many()

    id: str = Field(min_length=1)
    attributes: Attributes
    relationships: Relationships = Relationships()


class UserAnswer(Answer):
    data: User


class Role(Answer):
    class Attributes(Answer):
        name: str = ""

    id: str
    attributes: Attributes = Attributes()


class Key(Answer):
    """An application key or an API key. Whose it is must be there: never guessed."""

    class Attributes(Answer):
        name: str = ""
        last4: str = ""

    class Relationships(Answer):
        owned_by: One | None = None
        created_by: One | None = None

    id: str
    attributes: Attributes = Attributes()
    relationships: Relationships


class Membership(Answer):
    class Attributes(Answer):
        role: str | None = None
        provisioned_by: str | None = None

    class Relationships(Answer):
        team: One

    attributes: Attributes = Attributes()
    relationships: Relationships


class Memberships(Answer):
    data: tuple[Membership, ...]


class Page(Answer):
    class Meta(Answer):
        class Pages(Answer):
            total_filtered_count: int | None = None

        page: Pages = Pages()

    data: tuple[dict[str, object], ...]
    meta: Meta = Meta()

    @property
    def total(self) -> int | None:
        return self.meta.page.total_filtered_count
