"""Profiles: ramps of virtual users that take the place of a scenario's own load.

smoke    does it work at all                  stress   how it bears more than its share
load     a usual day                          spike    a crowd that comes at once
                                              soak     the same for long: what leaks, shows
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from atlas_perf.model.plan import Stage
from atlas_perf.units import NS_PER_S

_MINUTE_NS = 60 * NS_PER_S


def _ramp(*stages: tuple[float, int]) -> tuple[Stage, ...]:
    return tuple(Stage(round(minutes * _MINUTE_NS), target) for minutes, target in stages)


PROFILES: Mapping[str, tuple[Stage, ...]] = MappingProxyType(
    {
        "smoke": _ramp((1, 5)),
        "load": _ramp((2, 20), (5, 50), (2, 20), (1, 0)),
        "stress": _ramp((2, 50), (5, 100), (5, 150), (2, 50), (1, 0)),
        "spike": _ramp((1, 20), (0.5, 200), (1, 20), (0.5, 0)),
        "soak": _ramp((5, 50), (30, 50), (5, 0)),
    }
)
"""Minutes and virtual users of each stage, by the profile's name."""
