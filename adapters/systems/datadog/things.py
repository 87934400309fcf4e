"""What Datadog's resources are in our words, and the bodies that give them back."""

from adapters.errors import Unrecognised
from adapters.nouns import Account, Held
from adapters.systems.datadog.shapes import Key, Membership, Ref

MAPPED = "a SAML mapping keeps it: change the group at the identity provider"


def held_team(one: Membership) -> Held:
    team = one.relationships.team.data
    if team is None:
        raise Unrecognised("GET /api/v2/users/{id}/memberships: a membership names no team")
    obstacle = MAPPED if one.attributes.provisioned_by == "saml_mapping" else None
    return Held(team.id, team.id, "team", obstacle, {"role": one.attributes.role})


def membership(account: Account, team: Held) -> dict[str, object]:
    return {
        "type": "team_memberships",
        "attributes": {"role": team.details["role"]} if team.details.get("role") else {},
        "relationships": {"user": {"data": {"id": account.id, "type": "users"}}},
    }


def body_of(account: Account) -> dict[str, object]:
    return {"data": {"id": account.id, "type": "users"}}


def is_of(ref: Ref | None, account: Account) -> bool:
    return ref is not None and ref.id == account.id


def name_of(key: Key) -> str:
    return f"{key.attributes.name} (…{key.attributes.last4})"
