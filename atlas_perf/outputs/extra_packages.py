"""Packages that only some outputs need: `pip install 'atlas-perf[outputs]'` brings them."""

from __future__ import annotations

from importlib.util import find_spec

from atlas_perf.errors import UsageError


def refuse_without(kind: str, *packages: str) -> None:
    """Raises UsageError, with what to do, if one of these is not installed."""
    missing = [package for package in packages if not _installed(package)]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise UsageError(
            f"--out {kind} needs {' and '.join(missing)}, which {are} not installed: "
            "pip install 'atlas-perf[outputs]'"
        )


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # not even what it would be inside of
        return False
