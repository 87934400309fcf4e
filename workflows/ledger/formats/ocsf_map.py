"""Which class and activity of OCSF every type of event is: the decisions, as data.

Numbers are those of the schema 1.8.0, https://schema.ocsf.io/1.8.0. Only a result is told as the
change of an account that it is; what was intended and what was read back are told as entity
management, so that nobody who counts disabled accounts counts one three times.
"""

from typing import NamedTuple

ACCOUNT_CHANGE = 3001
AUTHENTICATION = 3002
ENTITY_MANAGEMENT = 3004
USER_ACCESS = 3005
COMPLIANCE_FINDING = 2003
APPLICATION_LIFECYCLE = 6002
BASE_EVENT = 0

OTHER = 99
CREATE, READ, UPDATE, DELETE = 1, 2, 3, 4
ENROLL, UNENROLL, ENABLE, DISABLE, ACTIVATE, DEACTIVATE, SUSPEND, RESUME = range(6, 14)
"""Activities of entity management."""


class Mapped(NamedTuple):
    """`what` is the type of the entity, or the privileges, where the class asks for it."""

    class_uid: int
    activity_id: int
    what: str = ""

    @property
    def type_uid(self) -> int:
        return self.class_uid * 100 + self.activity_id


UNKNOWN = Mapped(BASE_EVENT, OTHER)
"""For a type that is not decided on here: nothing is claimed of it, and the leaf is all there."""


def _entity(activity: int, what: str) -> Mapped:
    return Mapped(ENTITY_MANAGEMENT, activity, what)


RESULTS = {
    "block_sign_in": Mapped(ACCOUNT_CHANGE, 5),
    "revoke_sessions": Mapped(AUTHENTICATION, 2),
    "revoke_tokens": _entity(DELETE, "oauth_token"),
    "reset_credentials": Mapped(ACCOUNT_CHANGE, 4),
    "remove_factors": Mapped(ACCOUNT_CHANGE, 11),
    "lock_devices": _entity(DISABLE, "device"),
    "revoke_privileges": Mapped(USER_ACCESS, 2, "privileged roles"),
    "stop_forwarding": _entity(DISABLE, "mail_forwarding"),
    "transfer_files": _entity(UPDATE, "files"),
    "delegate_mailbox": _entity(UPDATE, "mailbox"),
    "forward_mail": _entity(ENABLE, "mail_forwarding"),
    "set_auto_reply": _entity(ENABLE, "auto_reply"),
    "transfer_ownership": _entity(UPDATE, "ownership"),
    "cancel_meetings": _entity(DELETE, "meetings"),
    "revoke_grants": Mapped(USER_ACCESS, 2, "grants"),
    "remove_roles": Mapped(USER_ACCESS, 2, "roles"),
    "release_licences": _entity(DISABLE, "licence"),
    "hide_from_directory": _entity(UPDATE, "directory_entry"),
    "retire_devices": _entity(UNENROLL, "device"),
    "delete_account": Mapped(ACCOUNT_CHANGE, 6),
    "wipe_devices": _entity(DELETE, "device_data"),
}
"""What a verb did, by its `.result`."""

GIVEN_BACK = {
    "block_sign_in": Mapped(ACCOUNT_CHANGE, 2),
    "remove_factors": Mapped(ACCOUNT_CHANGE, 10),
    "lock_devices": _entity(ENABLE, "device"),
    "revoke_privileges": Mapped(USER_ACCESS, 1, "privileged roles"),
    "stop_forwarding": _entity(ENABLE, "mail_forwarding"),
    "forward_mail": _entity(DISABLE, "mail_forwarding"),
    "set_auto_reply": _entity(DISABLE, "auto_reply"),
    "revoke_grants": Mapped(USER_ACCESS, 1, "grants"),
    "remove_roles": Mapped(USER_ACCESS, 1, "roles"),
    "release_licences": _entity(ENABLE, "licence"),
    "retire_devices": _entity(ENROLL, "device"),
    "delete_account": Mapped(ACCOUNT_CHANGE, 1),
}
"""What `restore.<verb>.result` did. Other verbs given back are an update of the account."""

STEPS = {
    "intent": _entity(OTHER, "intended_call"),
    "resumed": _entity(RESUME, "intended_call"),
    "read_back": _entity(READ, "account"),
}
"""What comes before and after the result, whatever the verb."""

PLAIN = {
    "account.judged": Mapped(COMPLIANCE_FINDING, 1, "A leaver's access is cut in one account"),
    "account.state_before": _entity(READ, "account"),
    "account_links.stored": _entity(CREATE, "account_link"),
    "approval.given": _entity(CREATE, "approval"),
    "audit.exported": _entity(READ, "audit_log"),
    "case.begun": _entity(ACTIVATE, "offboarding_case"),
    "case.cancelled": _entity(DEACTIVATE, "offboarding_case"),
    "case.closed": _entity(DEACTIVATE, "offboarding_case"),
    "case.judged": Mapped(COMPLIANCE_FINDING, 1, "A leaver's access is cut in every system"),
    "case.moved": _entity(UPDATE, "offboarding_case"),
    "case.opened": _entity(CREATE, "offboarding_case"),
    "case.retried": _entity(RESUME, "offboarding_case"),
    "case.unconfirmed": _entity(OTHER, "offboarding_case"),
    "evidence.exported": _entity(READ, "evidence_pack"),
    "export.failed": _entity(OTHER, "audit_delivery"),
    "export.replayed": _entity(RESUME, "audit_delivery"),
    "hr.decision": _entity(CREATE, "hr_decision"),
    "hr.delivery_conflict": _entity(OTHER, "hr_delivery"),
    "hr.delivery_received": _entity(CREATE, "hr_delivery"),
    "hr.delivery_unreadable": _entity(OTHER, "hr_delivery"),
    "hr.read_failed": _entity(READ, "hr_record"),
    "log.checkpoint": _entity(CREATE, "audit_checkpoint"),
    "log.key.announced": _entity(CREATE, "audit_key"),
    "log.key.replaced": _entity(UPDATE, "audit_key"),
    "log.key.rotated": _entity(UPDATE, "audit_key"),
    "log.pruned": _entity(DELETE, "audit_log"),
    "log.recovered": _entity(OTHER, "audit_log"),
    "lookup.failed": _entity(READ, "account"),
    "lookup.result": _entity(READ, "account"),
    "plan.made": _entity(CREATE, "offboarding_plan"),
    "population.sealed": _entity(CREATE, "audit_population"),
    "privacy.erased": _entity(DELETE, "personal_data"),
    "privacy.erasure_requested": _entity(OTHER, "personal_data"),
    "privacy.held": _entity(SUSPEND, "personal_data"),
    "privacy.released": _entity(RESUME, "personal_data"),
    "recheck.result": Mapped(COMPLIANCE_FINDING, 1, "Access that was cut stays cut"),
    "restore.begun": _entity(ACTIVATE, "restore"),
    "restore.requested": _entity(CREATE, "restore"),
    "service.started": Mapped(APPLICATION_LIFECYCLE, 3),
    "system.paused": _entity(SUSPEND, "system"),
    "system.resumed": _entity(RESUME, "system"),
    "task.closed": _entity(DEACTIVATE, "task"),
    "task.opened": _entity(CREATE, "task"),
    "token.created": _entity(CREATE, "api_token"),
    "token.revoked": _entity(DELETE, "api_token"),
    "wave.awaiting_approval": _entity(SUSPEND, "offboarding_wave"),
    "workflow.failed": _entity(OTHER, "workflow"),
}


def _all() -> dict[str, Mapped]:
    found = dict(PLAIN)
    for verb, result in RESULTS.items():
        given_back = GIVEN_BACK.get(verb, _entity(UPDATE, "account"))
        for deed, mapped in ((verb, result), (f"restore.{verb}", given_back)):
            found[f"{deed}.result"] = mapped
            found.update({f"{deed}.{step}": told for step, told in STEPS.items()})
    return found


MAP = _all()
"""By type of event. A type that is not here is told as UNKNOWN, and a test fails."""
