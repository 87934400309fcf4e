"""GitHub's answers with everything that its description requires in them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

API = "https://api.github.com"
THEN = "2026-08-01T09:00:00Z"
_OF_A_USER = (
    "url html_url followers_url following_url gists_url starred_url subscriptions_url"
    " organizations_url repos_url events_url received_events_url avatar_url"
)
_OF_AN_ORGANISATION = (
    "url repos_url events_url hooks_url issues_url members_url public_members_url avatar_url"
)
_OF_A_REPOSITORY = (
    "html_url url archive_url assignees_url blobs_url branches_url collaborators_url"
    " comments_url commits_url compare_url contents_url contributors_url deployments_url"
    " downloads_url events_url forks_url git_commits_url git_refs_url git_tags_url"
    " issue_comment_url issue_events_url issues_url keys_url labels_url languages_url"
    " merges_url milestones_url notifications_url pulls_url releases_url stargazers_url"
    " statuses_url subscribers_url subscription_url tags_url teams_url trees_url hooks_url"
)
ORGANISATION_ID = 4242


def _urls(names: str, url: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), url)


def user(number: int, login: str) -> dict[str, Any]:
    return {
        "id": number,
        "login": login,
        "node_id": f"U_{number}",
        "gravatar_id": None,
        "type": "User",
        "site_admin": False,
        **_urls(_OF_A_USER, f"{API}/users/{login}"),
    }


def public_user(number: int, login: str) -> dict[str, Any]:
    nothing = ("name", "company", "blog", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **user(number, login),
        "user_view_type": "public",
        "twitter_username": None,
        "created_at": THEN,
        "updated_at": THEN,
        **dict.fromkeys(nothing),
        **dict.fromkeys(counts, 0),
    }


def organisation(login: str) -> dict[str, Any]:
    return {
        "id": ORGANISATION_ID,
        "login": login,
        "node_id": "O_1",
        "description": None,
        **_urls(_OF_AN_ORGANISATION, f"{API}/orgs/{login}"),
    }


def organisation_full(login: str) -> dict[str, Any]:
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **organisation(login),
        "html_url": f"https://github.com/{login}",
        "has_organization_projects": True,
        "has_repository_projects": True,
        "type": "Organization",
        "created_at": THEN,
        "updated_at": THEN,
        "archived_at": None,
        **dict.fromkeys(counts, 0),
    }


def membership(
    org: str, who: dict[str, Any], role: str, state: str, *, direct: bool
) -> dict[str, Any]:
    url = f"{API}/orgs/{org}"
    return {
        "url": f"{url}/memberships/{who['login']}",
        "state": state,
        "role": role,
        "direct_membership": direct,
        "enterprise_teams_providing_indirect_membership": [] if direct else ["ent:everybody"],
        "organization_url": url,
        "organization": organisation(org),
        "user": who,
    }


def invitation(number: int, email: str | None, login: str | None) -> dict[str, Any]:
    return {
        "id": number,
        "login": login,
        "email": email,
        "role": "direct_member",
        "created_at": THEN,
        "inviter": user(1, "octo-owner"),
        "team_count": 0,
        "node_id": f"I_{number}",
        "invitation_teams_url": f"{API}/invitations/{number}/teams",
    }


def team(number: int, slug: str, kind: str) -> dict[str, Any]:
    url = f"{API}/teams/{number}"
    urls = ("url", "html_url", "members_url", "repositories_url")
    return {
        "id": number,
        "node_id": f"T_{number}",
        "name": slug.title(),
        "slug": slug,
        "description": None,
        "permission": "pull",
        "type": kind,
        "parent": None,
        **dict.fromkeys(urls, url),
    }


def team_membership(slug: str, login: str, role: str, state: str) -> dict[str, Any]:
    url = f"{API}/orgs/acme/teams/{slug}/memberships/{login}"
    return {"url": url, "role": role, "state": state}


def authorization(number: int, login: str, kind: str) -> dict[str, Any]:
    return {
        "login": login,
        "credential_id": number,
        "credential_type": kind,
        "credential_authorized_at": THEN,
        "credential_accessed_at": None,
        "authorized_credential_id": number + 1000,
        "authorized_credential_title": f"laptop {number}",
    }


def fine_grained(number: int, owner: dict[str, Any], *, asked: bool) -> dict[str, Any]:
    when = {"reason": None, "created_at": THEN} if asked else {"access_granted_at": THEN}
    return {
        "id": number,
        "owner": owner,
        "repository_selection": "all",
        "repositories_url": f"{API}/orgs/acme/personal-access-tokens/{number}/repositories",
        "permissions": {"repository": {"contents": "write"}},
        "token_id": number + 500,
        "token_name": f"build {number}",
        "token_expired": False,
        "token_expires_at": None,
        "token_last_used_at": None,
        **when,
    }


def repository(number: int, full_name: str) -> dict[str, Any]:
    owner, _, name = full_name.partition("/")
    return {
        "id": number,
        "node_id": f"R_{number}",
        "name": name,
        "full_name": full_name,
        "owner": user(ORGANISATION_ID, owner),
        "private": True,
        "description": None,
        "fork": False,
        **_urls(_OF_A_REPOSITORY, f"{API}/repos/{full_name}"),
    }


def deploy_key(number: int, title: str, added_by: str) -> dict[str, Any]:
    return {
        "id": number,
        "key": f"ssh-ed25519 AAAA{number}",
        "url": f"{API}/keys/{number}",
        "title": title,
        "verified": True,
        "created_at": THEN,
        "read_only": False,
        "added_by": added_by,
    }


def repository_invitation(
    number: int, repo: dict[str, Any], invitee: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": number,
        "repository": repo,
        "invitee": invitee,
        "inviter": user(1, "octo-owner"),
        "permissions": "write",
        "created_at": THEN,
        "url": f"{API}/invitations/{number}",
        "html_url": f"{API}/invitations/{number}",
        "node_id": f"RI_{number}",
    }


def licence(login: str, address: str, *, name_id: bool = True) -> dict[str, Any]:
    return {
        "github_com_login": login,
        "github_com_name": None,
        "enterprise_server_user_ids": [],
        "github_com_user": True,
        "enterprise_server_user": None,
        "visual_studio_subscription_user": False,
        "license_type": "enterprise",
        "github_com_member_roles": ["acme:Member"],
        "github_com_verified_domain_emails": [address],
        "github_com_saml_name_id": address if name_id else None,
    }


def page(request: Request, found: list[Any], largest: int, key: str = "") -> Response:
    """A page, with the next link that GitHub sends in a header."""
    size = min(int(request.query_params.get("per_page", 30)), largest)
    number = int(request.query_params.get("page", 1))
    some = found[(number - 1) * size : number * size]
    headers = {}
    if number * size < len(found):
        following = request.url.include_query_params(page=number + 1)
        headers["Link"] = f'<{following}>; rel="next", <{following}>; rel="last"'
    return JSONResponse({key: some} if key else some, headers=headers)


def error(status: int, message: str = "", **headers: str) -> Response:
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"message": message or "Not Found", "documentation_url": API, "status": str(status)}
    return JSONResponse(body, status, shown)


def done(status: int = 204) -> Response:
    return Response(status_code=status)
