"""What top-level options stand for: k6's rules, row by row."""

from __future__ import annotations

import pytest

from atlas_perf.errors import UsageError
from atlas_perf.loader import Overrides, build_plan, load_scenario_file
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    PerVUIterations,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    Stage,
)

S = 1_000_000_000

# In the file, what is asked for over it, the executor, what is said about it.
ROWS: list[tuple[str, Overrides, Executor, tuple[str, ...]]] = [
    # One layer: the file alone.
    ("{}", Overrides(), PerVUIterations(vus=1, iterations=1), ()),
    ("{'vus': 3}", Overrides(), SharedIterations(vus=3, iterations=3), ()),
    ("{'iterations': 5}", Overrides(), SharedIterations(vus=1, iterations=5), ()),
    ("{'iterations': 5, 'vus': 2}", Overrides(), SharedIterations(vus=2, iterations=5), ()),
    # With iterations, a duration is their limit.
    ("{'iterations': 5, 'duration': '7s'}", Overrides(), SharedIterations(1, 5, 7 * S), ()),
    ("{'duration': '7s'}", Overrides(), ConstantVUs(vus=1, duration_ns=7 * S), ()),
    ("{'duration': '7s', 'vus': 2}", Overrides(), ConstantVUs(2, 7 * S), ()),
    (
        "{'stages': [{'duration': '7s', 'target': 4}]}",
        Overrides(),
        RampingVUs(start_vus=1, stages=(Stage(7 * S, 4),)),
        (),
    ),
    (
        "{'vus': 0, 'stages': [{'duration': '7s', 'target': 4}]}",
        Overrides(),
        RampingVUs(start_vus=0, stages=(Stage(7 * S, 4),)),
        (),
    ),
    # Two layers: the same kind replaces silently, the file's `vus` stay.
    ("{'duration': '7s', 'vus': 2}", Overrides(duration_ns=S), ConstantVUs(2, S), ()),
    ("{'iterations': 5, 'vus': 2}", Overrides(iterations=9), SharedIterations(2, 9), ()),
    (
        "{'stages': [{'duration': '7s', 'target': 4}]}",
        Overrides(stages=(Stage(S, 2),)),
        RampingVUs(1, (Stage(S, 2),)),
        (),
    ),
    # `vus` alone fills in for the file's.
    ("{'duration': '7s', 'vus': 2}", Overrides(vus=8), ConstantVUs(8, 7 * S), ()),
    ("{'iterations': 9, 'vus': 2}", Overrides(vus=8), SharedIterations(8, 9), ()),
    ("{}", Overrides(vus=8), SharedIterations(8, 8), ()),
    (
        "{'stages': [{'duration': '7s', 'target': 4}]}",
        Overrides(vus=8),
        RampingVUs(8, (Stage(7 * S, 4),)),
        (
            "--vus 8 only sets where the file's `stages` start from: use --vus-scale to change "
            "the load, or --duration with it to replace the stages",
        ),
    ),
    # Another kind replaces what the file says, and that is told.
    (
        "{'stages': [{'duration': '7s', 'target': 4}]}",
        Overrides(duration_ns=S, vus=2),
        ConstantVUs(2, S),
        ("--duration replaces the file's `stages`",),
    ),
    (
        "{'duration': '7s', 'vus': 2}",
        Overrides(iterations=6),
        SharedIterations(2, 6),
        ("--iterations replaces the file's `duration`",),
    ),
    (
        "{'duration': '7s', 'iterations': 4}",
        Overrides(stages=(Stage(S, 2),)),
        RampingVUs(1, (Stage(S, 2),)),
        ("--stage replaces the file's `iterations` and `duration`",),
    ),
    (
        "{'scenarios': {'a': {'executor': 'shared-iterations'}}}",
        Overrides(iterations=6, duration_ns=S),
        SharedIterations(1, 6, S),
        ("--duration and --iterations replace the file's `scenarios`",),
    ),
]


@pytest.mark.parametrize(("options", "overrides", "executor", "warnings"), ROWS)
def test_shortcuts(build, options, overrides, executor, warnings) -> None:
    built = build(options, overrides)
    # The scenario is named after the file, which is api.py.
    assert built.plan.scenarios == (ScenarioPlan("api", executor),)
    assert built.warnings == warnings


def test_a_file_name_that_is_no_scenario_name_is_made_one(write) -> None:
    path = write("async def default(vu): ...\n", name="my api.v2.py")
    plan = build_plan(load_scenario_file(path, {})).plan
    assert plan.name == "my api.v2"
    assert [scenario.name for scenario in plan.scenarios] == ["my-api-v2"]


def test_vus_cannot_be_laid_over_scenarios(build) -> None:
    with pytest.raises(UsageError, match=r"--vus cannot change the scenarios of .*api\.py"):
        build("{'scenarios': {'a': {'executor': 'shared-iterations'}}}", Overrides(vus=2))


@pytest.mark.parametrize(("vus", "users"), [(None, 200), (30, 30)])
def test_a_rate_replaces_the_files_load(build, vus, users) -> None:
    asked = Overrides(vus=vus, rate=200, duration_ns=5 * S)
    built = build("{'scenarios': {'a': {'executor': 'shared-iterations'}}}", asked)
    (scenario,) = built.plan.scenarios
    assert scenario.executor == ConstantArrivalRate(200, 5 * S, users, users)
    assert built.warnings == ("--duration replaces the file's `scenarios`",)


def test_fewer_iterations_than_users_cannot_be_shared(build) -> None:
    with pytest.raises(UsageError) as refused:
        build("{'vus': 10, 'iterations': 20}", Overrides(iterations=9))
    assert str(refused.value) == (
        "scenario 'api' shares 9 iterations among 10 virtual users: "
        "ask for at least one iteration for each"
    )


def test_a_ramp_to_nobody_from_the_command_line(build) -> None:
    with pytest.raises(UsageError) as refused:
        build(
            "{'vus': 0, 'stages': [{'duration': '1s', 'target': 1}]}",
            Overrides(stages=(Stage(S, 0),)),
        )
    assert str(refused.value) == (
        "scenario 'api' never has a user: one target, or the start, must be above 0"
    )


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"vus": 0}, "--vus must be 1 or more, not 0"),
        ({"iterations": 0}, "--iterations must be 1 or more, not 0"),
        ({"rate": 0, "duration_ns": S}, "--rate must be 1 or more, not 0"),
        ({"rate": 5}, "--rate needs to know for how long: add --duration, such as -d 30s"),
        (
            {"rate": 5, "duration_ns": S, "iterations": 3},
            "--rate and --iterations are two kinds of load and cannot be used together",
        ),
        (
            {"rate": 5, "stages": (Stage(S, 1),)},
            "--rate and --stage are two kinds of load and cannot be used together",
        ),
        ({"processes": 0}, "--processes must be 1 or more, not 0"),
        ({"duration_ns": 0}, "--duration must be above 0"),
        ({"duration_scale": 0.0}, "--duration-scale must be a number above 0, not 0.0"),
        ({"vus_scale": float("nan")}, "--vus-scale must be a number above 0, not nan"),
        ({"vus_scale": float("inf")}, "--vus-scale must be a number above 0, not inf"),
        (
            {"iterations": 1, "stages": (Stage(S, 1),)},
            "--iterations and --stage are two kinds of load and cannot be used together",
        ),
        (
            {"duration_ns": S, "stages": (Stage(S, 1),)},
            "--duration and --stage are two kinds of load and cannot be used together",
        ),
    ],
)
def test_overrides_that_no_plan_can_have(asked, sentence) -> None:
    with pytest.raises(UsageError) as refused:
        Overrides(**asked)
    assert str(refused.value) == sentence
