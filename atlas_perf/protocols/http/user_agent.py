"""What a request says it comes from."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def default_user_agent() -> str:
    """`atlas-perf/<version>`; without the version when run from a source tree."""
    try:
        return f"atlas-perf/{version('atlas-perf')}"
    except PackageNotFoundError:
        return "atlas-perf"
