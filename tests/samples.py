"""HR payloads with the headers and signatures that they were sent with.

They are no part of the project: their folder is named by EXEUNT_HR_SAMPLES.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "shared" / "hr_samples"


def sample(name: str) -> dict[str, Any]:
    """What is known of one sample. Skips if it is not here; on a build server that is a failure."""
    path = Path(os.environ.get("EXEUNT_HR_SAMPLES", FOLDER)) / f"{name}.meta.json"
    if not path.is_file():
        why = f"{path.name} is not here: name its folder in EXEUNT_HR_SAMPLES"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def headers_of(found: dict[str, Any]) -> dict[str, str]:
    """As our server sees them: in small letters, and only those that count."""
    return {name.lower(): value for name, value in found["headers"].items() if " " not in name}
