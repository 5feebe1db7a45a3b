"""Which commit a run tested, where nobody says it: a pipeline's variable, or the repository."""

from __future__ import annotations

import os
import subprocess

COMMIT_VARIABLES = ("CI_COMMIT_SHA", "GITHUB_SHA")

_TIME_LIMIT_S = 10


def current_commit() -> str:
    """The commit of the pipeline, or of the repository around this folder; "" if there is none."""
    for name in COMMIT_VARIABLES:
        if os.environ.get(name):
            return os.environ[name]
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
