"""The closed set of verbs, the waves that they belong to, and what they end in."""

from enum import StrEnum


class Wave(StrEnum):
    """Actions due together, in the only order there is."""

    CONTAIN = "contain"
    HAND_OVER = "hand_over"
    CLEAN_UP = "clean_up"
    RETIRE = "retire"
    RESTORE = "restore"
    """The way back: verbs taken back that an earlier wave had said. No policy plans it."""


class Action(StrEnum):
    """Every verb that a policy may ask of a system."""

    BLOCK_SIGN_IN = "block_sign_in"
    REVOKE_SESSIONS = "revoke_sessions"
    REVOKE_TOKENS = "revoke_tokens"
    RESET_CREDENTIALS = "reset_credentials"
    REMOVE_FACTORS = "remove_factors"
    LOCK_DEVICES = "lock_devices"
    REVOKE_PRIVILEGES = "revoke_privileges"
    STOP_FORWARDING = "stop_forwarding"

    TRANSFER_FILES = "transfer_files"
    DELEGATE_MAILBOX = "delegate_mailbox"
    FORWARD_MAIL = "forward_mail"
    SET_AUTO_REPLY = "set_auto_reply"
    TRANSFER_OWNERSHIP = "transfer_ownership"
    CANCEL_MEETINGS = "cancel_meetings"

    REVOKE_GRANTS = "revoke_grants"
    REMOVE_ROLES = "remove_roles"
    RELEASE_LICENCES = "release_licences"
    HIDE_FROM_DIRECTORY = "hide_from_directory"
    RETIRE_DEVICES = "retire_devices"

    DELETE_ACCOUNT = "delete_account"
    WIPE_DEVICES = "wipe_devices"

    @property
    def wave(self) -> Wave:
        return _WAVES[self]


_WAVES: dict[Action, Wave] = {
    verb: wave
    for wave, verbs in {
        Wave.CONTAIN: "block_sign_in revoke_sessions revoke_tokens reset_credentials"
        " remove_factors lock_devices revoke_privileges stop_forwarding",
        Wave.HAND_OVER: "transfer_files delegate_mailbox forward_mail set_auto_reply"
        " transfer_ownership cancel_meetings",
        Wave.CLEAN_UP: "revoke_grants remove_roles release_licences hide_from_directory"
        " retire_devices",
        Wave.RETIRE: "delete_account wipe_devices",
    }.items()
    for verb in map(Action, verbs.split())
}

CUTS_ACCESS = (Action.BLOCK_SIGN_IN, Action.REVOKE_SESSIONS, Action.REVOKE_TOKENS)
"""The verbs that decide whether an account is contained. The others make it tidy and safer."""


class Outcome(StrEnum):
    """What one attempt came to, derived from the state before and the state after."""

    CHANGED = "changed"
    ALREADY = "already"
    ABSENT = "absent"


class Undo(StrEnum):
    """Whether what a verb did can be given back."""

    REVERSIBLE = "reversible"
    RE_ENROL = "re_enrol"
    DESTRUCTIVE = "destructive"
