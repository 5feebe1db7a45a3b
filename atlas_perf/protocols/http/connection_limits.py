"""How many connections one virtual user keeps to one host, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

CONNECTIONS_PER_HOST = 6
"""k6's `batchPerHost`, and what browsers open to one host. One user at a time needs only one;
more are for requests that a scenario issues together with `asyncio.gather`."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """A connection beyond its age or idle time carries no further request; None: without limit."""

    per_host: int = CONNECTIONS_PER_HOST
    max_age_ns: int | None = None  # since it was opened
    max_idle_ns: int | None = None  # since its last response
