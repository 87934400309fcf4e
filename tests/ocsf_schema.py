"""The published schemas of OCSF, class by class; a profile's part only if claimed."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema


@cache
def _schema(version: str) -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(version))


@cache
def _validator(version: str, class_uid: int, profiles: tuple[str, ...]) -> Draft202012Validator:
    schema = _schema(version)
    name = schema.lookup_class_name_from_uid(class_uid)
    made = schema.get_class_schema(name, list(profiles))
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def complaints(event: Mapping[str, Any]) -> list[str]:
    """What the schema of the event's own class and version has against it."""
    metadata = event["metadata"]
    profiles = tuple(metadata.get("profiles", ()))
    validator = _validator(metadata["version"], event["class_uid"], profiles)
    found = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(event)]
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        found.append("$.type_uid: is not class_uid * 100 + activity_id")
    if event["category_uid"] != event["class_uid"] // 1000:
        found.append("$.category_uid: is not that of the class")
    return found
