from adapters.practice.github.managed import PracticeGithubManaged, PracticeGithubProvisioned
from adapters.practice.github.organisation import PracticeGithub

__all__ = ["PracticeGithub", "PracticeGithubManaged", "PracticeGithubProvisioned"]
