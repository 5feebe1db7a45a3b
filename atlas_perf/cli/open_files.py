"""Room for connections: each takes a file descriptor of its worker."""

from __future__ import annotations

import resource
from contextlib import suppress

ENOUGH = 1 << 20  # some systems name a hard limit that no process could fill


_before: list[int] = []


def limit_before_it_was_raised() -> int | None:
    """The soft limit that the command was started with; None if that is still the limit."""
    return _before[0] if _before else None


def raise_limit_of_open_files() -> None:
    """Raise the soft limit to the hard one, for this process and those it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    with suppress(ValueError, OSError):  # refused: the run finds out whether it is enough
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        _before.append(soft)
