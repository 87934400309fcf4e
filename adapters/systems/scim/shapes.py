"""What is read from a SCIM service (RFC 7643)."""

from typing import Any

from pydantic import Field, field_validator

from adapters.reading import Answer

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Email(Answer):
    value: str = ""


class Enterprise(Answer):
    employee_number: str | None = Field(None, alias="employeeNumber", coerce_numbers_to_str=True)


class Meta(Answer):
    version: str | None = None


class Ref(Answer):
    value: str = Field(coerce_numbers_to_str=True)
    display: str | None = None


class User(Answer):
    """RFC 7643 section 4.1, with the liberties that servers take."""

    id: str = Field(min_length=1, coerce_numbers_to_str=True)
    login: str = Field("", alias="userName")
    external_id: str | None = Field(None, alias="externalId", coerce_numbers_to_str=True)
    active: bool | None = None
    emails: tuple[Email, ...] = ()
    groups: tuple[Ref, ...] = ()
    enterprise: Enterprise = Field(Enterprise(), alias=ENTERPRISE)
    meta: Meta = Meta()

    @field_validator("emails", "groups", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return () if value is None else value


class Group(Answer):
    id: str = Field(min_length=1, coerce_numbers_to_str=True)
    name: str = Field("", alias="displayName")


class Page(Answer):
    total: int = Field(alias="totalResults")
    resources: tuple[dict[str, Any], ...] = Field((), alias="Resources")


class ProviderConfig(Answer):
    class Patch(Answer):
        supported: bool = False

    patch: Patch = Patch()
