"""What is known of one vendor's SCIM service. What is not known is None, and is said to be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from adapters.actions import Action
from adapters.budget import Rate
from adapters.contract import Gap


class Ending(StrEnum):
    """What `active: false` does to the account."""

    DISABLES = "disables"
    DELETES = "deletes"
    UNKNOWN = "unknown"


class Way(StrEnum):
    """How a vendor is told that an account is not active any more."""

    PATH = "PATCH with a path"
    VALUE = "PATCH without a path"
    PUT = "PUT of the whole account"
    DELETE = "DELETE"


class Leave(StrEnum):
    """How a member is taken out of a group by PATCH."""

    PATH = 'remove members[value eq "id"]'
    LIST = "remove members with a list of values"


class Key(StrEnum):
    """What an account can be asked for by. The value is how a filter names it."""

    NUMBER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"
    OUTSIDE = "externalId"
    LOGIN = "userName"
    MAIL = "emails.value"


UNCONFIRMED = "not confirmed by a document"
"""The source of what people who know the vendor say, until somebody has seen it written."""


@dataclass(frozen=True)
class Fact:
    """One sentence, and where it stands."""

    says: str
    source: str


@dataclass(frozen=True)
class Left:
    """What outlives the account there. SCIM has no word for it, so it is said and never counted."""

    kind: str
    name: str
    why: str
    next: str
    """What its owner has to do, as one sentence."""
    source: str


@dataclass(frozen=True)
class SignIn:
    """How an access token is asked for where none is static: OAuth, by client credentials.

    `url` and `asks` may use the placeholders of the vendor's address and `{account_id}`.
    """

    url: str
    asks: Mapping[str, str]
    source: str
    """A name for who asks, and where it is described."""


@dataclass(frozen=True)
class Vendor:
    """A profile. Facts for people carry their source; the rest decides what is sent."""

    name: str
    forms: tuple[str, ...] = ()
    """How its addresses look, with {placeholders}; none: any address."""
    form_source: str = ""
    ending: Ending = Ending.UNKNOWN
    deactivating: Fact | None = None
    reversing: Fact | None = None
    sessions: Fact | None = None
    token_lifetime: timedelta | None = None
    """How long an old session may live there; None: its user has to say."""
    ways: tuple[Way, ...] = (Way.PATH, Way.VALUE, Way.PUT)
    """In the order in which they are tried."""
    writing: Fact | None = None
    filters: frozenset[Key] | None = None
    """What it can be asked for, None if that is not known: then everything is tried."""
    absent: frozenset[Key] = frozenset()
    """What an account does not have there, so that there is nothing to ask for."""
    attributes: Fact | None = None
    leaves: tuple[Leave, ...] = (Leave.PATH,)
    """How a member is taken out; a list only where the vendor documents it."""
    groups: Fact | None = None
    deleting: Fact | None = None
    left: tuple[Left, ...] = ()
    rates: tuple[Rate, ...] = ()
    rate: Fact | None = None
    plan: Fact | None = None
    token: Fact | None = None
    """Where its administrator makes the credential."""
    scheme: str = "Bearer"
    sign_in: SignIn | None = None
    gaps: Mapping[Action, Gap] = field(default_factory=dict)
    """What it leaves to people beyond what SCIM leaves to them."""

    @property
    def facts(self) -> dict[str, Fact | None]:
        """What people should know, by what it is about; None is not known."""
        return {
            "deactivating": self.deactivating,
            "taking it back": self.reversing,
            "open sessions": self.sessions,
            "deleting": self.deleting,
            "accounts": self.attributes,
            "groups": self.groups,
            "writing": self.writing,
            "rate": self.rate,
            "plan": self.plan,
            "credential": self.token,
        }

    def parts(self, base_url: str) -> dict[str, str] | None:
        """The placeholders of an address; None if it is not one of this vendor's."""
        address = base_url.rstrip("/")
        if not self.forms:
            return {}
        found = (_pattern(form).fullmatch(address) for form in self.forms)
        return next((match.groupdict() for match in found if match), None)


def _pattern(form: str) -> re.Pattern[str]:
    text = re.escape(form).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_.~-]+)", text))
