"""What the options of `run` ask for, once those that say the same in two ways agree."""

from __future__ import annotations

from typing import Any

from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.cli.request import RunRequest
from atlas_perf.errors import UsageError
from atlas_perf.loader import with_all
from atlas_perf.loader.profiles import PROFILES
from atlas_perf.model.plan import Stage


def requested(
    given: dict[str, str],
    *,
    environment: str | None,
    env: tuple[tuple[str, str], ...],
    tags: tuple[tuple[str, str], ...],
    scenarios: tuple[str, ...],
    contract: str | None,
    profile: str | None,
    stages: tuple[Stage, ...],
    **options: Any,
) -> RunRequest:
    """The request of a command that has the options of `run`.

    Args:
        given: takes in each `-e`, so that an error knows what it must not quote.

    Raises:
        UsageError: two options contradict each other.
    """
    given.update(env)
    if contract is not None:
        given["CONTRACT"] = _agreed_contract(contract, given.get("CONTRACT"))
    return RunRequest(
        scenarios=with_all(scenarios or ("api",)),
        stages=_ramp(profile, stages),
        environment=None if environment is None else EnvironmentName(environment),
        env=given,
        tags=dict(tags),
        **options,
    )


def _agreed_contract(contract: str, in_env: str | None) -> str:
    if in_env not in (None, contract):
        raise UsageError(
            f"--contract {contract} and -e CONTRACT={in_env} contradict each other: leave one out"
        )
    return contract


def _ramp(profile: str | None, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    if profile is None:
        return stages
    if stages:
        raise UsageError("--profile and --stage are two ramps: leave one out")
    return PROFILES[profile]
