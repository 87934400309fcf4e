"""What our own credential may do, as far as AWS tells: its policies, played through by IAM."""

from collections.abc import Mapping

from adapters.actions import Action
from adapters.contract import Check, Facts
from adapters.errors import AdapterError, CredentialDenied
from adapters.systems.aws.door import AwsApi

DANGEROUS = (
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:UpdateLoginProfile",
    "iam:UpdateAssumeRolePolicy",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:PassRole",
    "sso:PutInlinePolicyToPermissionSet",
)
"""Each lets its holder become somebody else, or more than they are; no verb needs one."""


async def judge(sts: AwsApi, iam: AwsApi, facts: Mapping[Action, Facts], summary: str) -> Check:
    """Conditions, boundaries of an organisation and resources are not part of the play."""
    used = {name for one in facts.values() for name in one.permissions}
    try:
        arn = _source((await sts.ask("GetCallerIdentity"))["Arn"])
        asked = sorted(used | set(DANGEROUS))
        allowed = {
            one["EvalActionName"]
            async for one in iam.pages(
                "SimulatePrincipalPolicy",
                "EvaluationResults",
                PolicySourceArn=arn,
                ActionNames=asked,
            )
            if one["EvalDecision"] == "allowed"
        }
    except CredentialDenied:
        raise
    except AdapterError:
        return Check(f"{summary}; what else is granted cannot be told: iam:SimulatePrincipalPolicy")
    missing = {
        verb: " and ".join(lacking)
        for verb, one in facts.items()
        if (lacking := [name for name in one.permissions if name not in allowed])
    }
    needless = tuple(name for name in DANGEROUS if name in allowed and name not in used)
    return Check(f"{summary}; its policies were played through", missing, needless)


def _source(arn: str) -> str:
    """The role behind a session: a session itself has no policies that could be played."""
    head, _, rest = arn.partition(":assumed-role/")
    if not rest:
        return arn
    return f"{head.replace(':sts:', ':iam:')}:role/{rest.partition('/')[0]}"
