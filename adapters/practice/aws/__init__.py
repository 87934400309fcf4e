from adapters.practice.aws.center import PracticeCenter
from adapters.practice.aws.iam import PracticeIam

__all__ = ["PracticeCenter", "PracticeIam"]
