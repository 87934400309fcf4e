"""Read a policy file, or the one that a careful company would want."""

from importlib.resources import files

from workflows.policy.schema import Policy
from workflows.yaml_lines import parse


def load_policy(text: str, source: str) -> Policy:
    """Raises BadYaml: one line for each problem, with its place in the file."""
    return parse(text, source).validate(Policy)


def default_policy() -> Policy:
    text = files("workflows.policy").joinpath("default.yaml").read_text("utf-8")
    return load_policy(text, "default.yaml")
