"""Profiles are the contract's, and `all` is every shipped scenario in its order."""

from __future__ import annotations

from atlas_perf.loader import shipped_scenarios, with_all
from atlas_perf.loader.profiles import PROFILES
from atlas_perf.units import NS_PER_S


def test_profiles_are_the_contracts() -> None:
    minutes = {
        name: [(stage.duration_ns / NS_PER_S / 60, stage.target) for stage in stages]
        for name, stages in PROFILES.items()
    }
    assert minutes == {
        "smoke": [(1, 5)],
        "load": [(2, 20), (5, 50), (2, 20), (1, 0)],
        "stress": [(2, 50), (5, 100), (5, 150), (2, 50), (1, 0)],
        "spike": [(1, 20), (0.5, 200), (1, 20), (0.5, 0)],
        "soak": [(5, 50), (30, 50), (5, 0)],
    }


def test_all_is_every_shipped_scenario() -> None:
    assert sorted(with_all(["all"])) == sorted(shipped_scenarios())
    assert with_all(["my.py", "all"])[:2] == ("my.py", "smoke")
