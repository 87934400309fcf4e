"""What a leaver leaves in Slack, and what Slack does not say. The same for everybody."""

from adapters.nouns import NEXT, Held

SESSIONS = (
    "Slack does not publish whether a deactivation ends open sessions at once; only an Enterprise "
    "organisation can reset them (docs/runbooks/slack-sessions.md)"
)
_UNTOLD = "no method of Slack lists them by who made them"
LEFT = (
    Held(
        "apps",
        "apps, bots and legacy tokens that the account made or installed",
        "residue",
        _UNTOLD,
        {NEXT: "Look through the installed apps as docs/runbooks/slack-hand-over.md says."},
    ),
    Held(
        "workflows",
        "workflows and channels that the account looked after",
        "residue",
        _UNTOLD,
        {NEXT: "Give each workflow another manager and each channel another contact."},
    ),
)
