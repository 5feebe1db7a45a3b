"""k6's shortcuts: top-level options that stand for one scenario (k6, `lib/executor`,
`execution_config_shortcuts.go`).

    iterations [, vus] [, duration as the limit]    shared-iterations
    duration [, vus]                                constant-vus
    stages [, vus as the start]                     ramping-vus
    vus alone                                       shared-iterations, one for each user
    nothing                                         per-vu-iterations, one user, one iteration

And one of the command line, which k6 does not have:

    rate and duration [, vus]                       constant-arrival-rate, per second, with so many
                                                    users, or as many as arrive in a second
"""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.model.plan import (
    DEFAULT_MAX_DURATION_NS,
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    PerVUIterations,
    RampingVUs,
    SharedIterations,
    Stage,
)


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """The shortcuts that are given; `stages` excludes the others but `vus`, and so does `rate`,
    which needs `duration`."""

    vus: int | None = None
    duration_ns: int | None = None
    iterations: int | None = None
    stages: tuple[Stage, ...] | None = None
    rate: int | None = None


def executor_of(given: Shortcuts) -> Executor:
    """The executor that the shortcuts stand for."""
    vus = 1 if given.vus is None else given.vus
    if given.stages is not None:
        return RampingVUs(vus, given.stages)
    if given.iterations is not None:
        limit_ns = DEFAULT_MAX_DURATION_NS if given.duration_ns is None else given.duration_ns
        return SharedIterations(vus, given.iterations, limit_ns)
    if given.rate is not None and given.duration_ns is not None:
        users = given.rate if given.vus is None else given.vus
        return ConstantArrivalRate(given.rate, given.duration_ns, users, users)
    if given.duration_ns is not None:
        return ConstantVUs(vus, given.duration_ns)
    if given.vus is not None:
        return SharedIterations(vus, iterations=vus)
    return PerVUIterations(vus=1, iterations=1)
