from adapters.systems.aws.center.adapter import AwsIdentityCenter
from adapters.systems.aws.iam.adapter import AwsIam

__all__ = ["AwsIam", "AwsIdentityCenter"]
