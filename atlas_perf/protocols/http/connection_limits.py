"""How many connections one virtual user keeps to one host, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.model.plan import HttpOptions


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """A connection beyond its age or idle time carries no further request; None: without limit."""

    per_host: int
    max_age_ns: int | None = None  # since it was opened
    max_idle_ns: int | None = None  # since its last response


def limits_of(options: HttpOptions, *, per_host: int | None = None) -> ConnectionLimits:
    """The limits of a plan; `per_host` wins over its `batchPerHost`."""
    return ConnectionLimits(
        per_host=per_host or options.batch_per_host,
        max_age_ns=options.connection_max_age_ns,
        max_idle_ns=options.connection_max_idle_ns,
    )
