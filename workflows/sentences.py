"""Each verb once more, in business words, and the controls that it serves."""

from adapters.actions import Action

BUSINESS: dict[Action, str] = {
    Action.BLOCK_SIGN_IN: "They can no longer sign in.",
    Action.REVOKE_SESSIONS: "Anything they still had open is signed out.",
    Action.REVOKE_TOKENS: "Apps and scripts that acted in their name have lost their keys.",
    Action.RESET_CREDENTIALS: "The password that they knew no longer works.",
    Action.REMOVE_FACTORS: "Their phone or key can no longer confirm a sign-in.",
    Action.LOCK_DEVICES: "Company devices in their hands are locked.",
    Action.REVOKE_PRIVILEGES: "They administer nothing any more, and cannot make themselves.",
    Action.STOP_FORWARDING: "No company mail leaves through rules that they set up.",
    Action.TRANSFER_FILES: "Their successor can open and change their files.",
    Action.DELEGATE_MAILBOX: "Their successor can read the mailbox.",
    Action.FORWARD_MAIL: "New mail reaches their successor.",
    Action.SET_AUTO_REPLY: "People who write are told whom to write to instead.",
    Action.TRANSFER_OWNERSHIP: "Teams and groups that they ran have a new owner.",
    Action.CANCEL_MEETINGS: "Meetings that they organised are cancelled or handed over.",
    Action.REVOKE_GRANTS: "They are out of every group and no longer hold access through one.",
    Action.REMOVE_ROLES: "They hold no administrator role.",
    Action.RELEASE_LICENCES: "Paid licences are free for somebody else.",
    Action.HIDE_FROM_DIRECTORY: "Colleagues no longer find them in the address list.",
    Action.RETIRE_DEVICES: "Company data is gone from their devices.",
    Action.DELETE_ACCOUNT: "The account is deleted.",
    Action.WIPE_DEVICES: "Company devices are wiped.",
}

CONTROLS: dict[Action, tuple[str, ...]] = {
    verb: {
        "contain": ("SOC 2 CC6.2", "ISO 27001 A.5.18", "NIST PS-4", "PCI DSS 8.2.5"),
        "hand_over": ("ISO 27001 A.6.5", "NIST PS-4"),
        "clean_up": ("SOC 2 CC6.3", "ISO 27001 A.5.18", "NIST AC-2"),
        "retire": ("SOC 2 CC6.2", "ISO 27001 A.5.18", "NIST AC-2"),
    }[verb.wave]
    for verb in Action
}
