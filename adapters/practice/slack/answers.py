"""Answers of the practice Slack: SCIM by RFC 7643, users and user groups of the Web API."""

import re
from typing import Any

from starlette.responses import JSONResponse, Response

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
TEAM = "T012AB3C4"
FILTER = re.compile(r'^(?P<path>[\w:.]+) eq (?P<value>".*")$')
MEMBER = re.compile(r'^members\[value eq (?P<value>".*")\]$')
FLAGS = (
    "is_admin",
    "is_app_user",
    "is_bot",
    "is_owner",
    "is_primary_owner",
    "is_restricted",
    "is_ultra_restricted",
)
_AVATAR = "image_24 image_32 image_48 image_72 image_192 image_512"
_BLANK = "display_name display_name_normalized phone skype status_emoji status_text title team"


def user_group(group: str, users: list[str]) -> dict[str, Any]:
    return {
        "id": group,
        "team_id": TEAM,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.removeprefix("S0").title(),
        "description": "",
        "handle": group.lower(),
        "is_external": False,
        "date_create": 1,
        "date_update": 1,
        "date_delete": 0,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "U0ADMIN00",
        "updated_by": "U0ADMIN00",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
        "users": users,
    }


def values(user: dict[str, Any], path: str) -> list[str]:
    if path == "email":
        return [one["value"] for one in user["emails"]]
    if path == f"{ENTERPRISE}:employeeNumber":
        return [str(n) for n in [user[ENTERPRISE].get("employeeNumber")] if n]
    return [str(user[path])] if user.get(path) else []


def profile(user: dict[str, Any]) -> dict[str, Any]:
    name, mail = user["displayName"], user["emails"][0]["value"]
    blank = dict.fromkeys(_BLANK.split(" "), "")
    pictures = dict.fromkeys(_AVATAR.split(" "), "https://avatars.slack-edge.com/0.png")
    said = {"real_name": name, "real_name_normalized": name, "email": mail}
    return {**blank, **pictures, **said, "avatar_hash": "0", "fields": {}, "team": TEAM}


def wrong(code: str) -> Response:
    return JSONResponse({"ok": False, "error": code})


def scim(body: object, status: int = 200) -> Response:
    return JSONResponse(body, status, media_type="application/scim+json")


def refused(status: int, kind: str = "") -> Response:
    body = {"schemas": [ERROR], "status": str(status)} | ({"scimType": kind} if kind else {})
    return scim(body, status)
