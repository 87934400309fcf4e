from adapters.systems.github.adapter import Github
from adapters.systems.github.scim import GithubScim

__all__ = ["Github", "GithubScim"]
