"""A plan from every option there is, and from what is asked for over them."""

from __future__ import annotations

import pytest

from atlas_perf.errors import UsageError
from atlas_perf.loader import Overrides, build_plan
from atlas_perf.model.metric import Contains, Metric, MetricKind
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    HttpOptions,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    Spacing,
    Stage,
    TestPlan,
    ThresholdPlan,
    WhenBusy,
    planned_arrivals,
)

S = 1_000_000_000
MS = 1_000_000

EVERYTHING = """
    from datetime import timedelta
    from atlas_perf import Counter, Trend

    tasks = Counter("tasks_done")
    latency = Trend("task_latency", is_time=True)

    options = {
        "scenarios": {
            "browse": {
                "executor": "ramping-vus",
                "startVUs": 0,
                "stages": [
                    {"duration": "1m30s", "target": 20},
                    {"duration": timedelta(seconds=5), "target": 0},
                ],
                "gracefulRampDown": "1s",
                "gracefulStop": "2s",
                "warmUp": "20s",
                "tags": {"kind": "read"},
            },
            "submit": {
                "executor": "constant-vus",
                "vus": 3,
                "duration": "10s",
                "startTime": "500ms",
                "exec": "submit_tasks",
                "env": {"SIZE": "big"},
            },
            "seed-data": {"executor": "shared-iterations"},
            "warm_up": {
                "executor": "per-vu-iterations", "vus": 2, "iterations": 4, "maxDuration": "9s",
            },
        },
        "thresholds": {
            "http_req_duration{type:ai}": [
                "p(95)<500",
                {"threshold": "p(99)<900", "abortOnFail": True, "delayAbortEval": "10s"},
            ],
            "checks": ["rate>0.9"],
        },
        "defaultGates": False,
        "tags": {"build": "7"},
        "setupTimeout": "2m",
        "teardownTimeout": "3s",
        "minIterationDuration": "100ms",
        "summaryTrendStats": ["med", "p(99.9)", "count"],
        "httpTimeout": "5s",
        "maxRedirects": 0,
        "userAgent": "gate",
        "insecureSkipTLSVerify": True,
        "noConnectionReuse": True,
        "noVUConnectionReuse": True,
        "noCookiesReset": True,
        "throw": True,
        "hosts": {"orchestrator.test": "127.0.0.1:8088"},
    }

    async def default(vu): ...
    async def submit_tasks(vu, data): ...
"""


def test_every_option_reaches_the_plan(load) -> None:
    scenario_file = load(EVERYTHING)
    overrides = Overrides(seed=7, processes=4, keep_samples=True, env={"A": "b"})
    assert build_plan(scenario_file, overrides).plan == TestPlan(
        name="api",
        file=scenario_file.file,
        file_sha256=scenario_file.sha256,
        scenarios=(
            ScenarioPlan(
                "browse",
                RampingVUs(0, (Stage(90 * S, 20), Stage(5 * S, 0)), S),
                graceful_stop_ns=2 * S,
                warm_up_ns=20 * S,
                tags={"kind": "read"},
            ),
            ScenarioPlan(
                "submit",
                ConstantVUs(3, 10 * S),
                exec="submit_tasks",
                start_time_ns=500 * MS,
                env={"SIZE": "big"},
            ),
            ScenarioPlan("seed-data", SharedIterations(1, 1)),
            ScenarioPlan("warm_up", PerVUIterations(2, 4, 9 * S)),
        ),
        thresholds=(
            ThresholdPlan("http_req_duration{type:ai}", "p(95)<500"),
            ThresholdPlan("http_req_duration{type:ai}", "p(99)<900", True, 10 * S),
            ThresholdPlan("checks", "rate>0.9"),
        ),
        default_gates=False,
        metrics=(
            Metric("tasks_done", MetricKind.COUNTER),
            Metric("task_latency", MetricKind.TREND, Contains.TIME),
        ),
        tags={"build": "7"},
        env={"A": "b"},
        http=HttpOptions(
            timeout_ns=5 * S,
            max_redirects=0,
            user_agent="gate",
            insecure_skip_tls_verify=True,
            no_connection_reuse=True,
            no_vu_connection_reuse=True,
            no_cookies_reset=True,
            throw=True,
            hosts={"orchestrator.test": "127.0.0.1:8088"},
        ),
        seed=7,
        processes=4,
        setup_timeout_ns=120 * S,
        teardown_timeout_ns=3 * S,
        min_iteration_duration_ns=100 * MS,
        summary_trend_stats=("med", "p(99.9)", "count"),
        keep_samples=True,
    )


def test_snake_case_says_the_same(build) -> None:
    camel = build(
        "{'scenarios': {'a': {'executor': 'ramping-vus', 'startVUs': 2, 'gracefulRampDown': '1s',"
        " 'stages': [{'duration': '1s', 'target': 3}]}}, 'insecureSkipTLSVerify': True,"
        " 'noVUConnectionReuse': True}",
        Overrides(seed=1),
    )
    snake = build(
        "{'scenarios': {'a': {'executor': 'ramping-vus', 'start_vus': 2, 'graceful_ramp_down':"
        " '1s', 'stages': [{'duration': '1s', 'target': 3}]}}, 'insecure_skip_tls_verify': True,"
        " 'no_vu_connection_reuse': True}",
        Overrides(seed=1),
    )
    assert camel.plan.scenarios == snake.plan.scenarios
    assert camel.plan.http == snake.plan.http
    assert camel.plan.http.insecure_skip_tls_verify


def test_flags_add_thresholds_and_tags(build) -> None:
    plan = build(
        "{'thresholds': {'checks': ['rate>0.9']}, 'tags': {'build': '7', 'host': 'a'}}",
        Overrides(
            thresholds=(ThresholdPlan("http_reqs", "count>10"),), tags={"host": "b", "run": "1"}
        ),
    ).plan
    assert [threshold.selector for threshold in plan.thresholds] == ["checks", "http_reqs"]
    assert plan.tags == {"build": "7", "host": "b", "run": "1"}
    assert plan.default_gates


def test_thresholds_know_where_they_are_written(load) -> None:
    scenario_file = load("""
        options = {
            "thresholds": {
                "checks": [
                    "rate>0.9",
                    {"threshold": "rate>0.5", "abortOnFail": True},
                ],
                "http_reqs{a:b}": ["count>1"],
            },
        }
        async def default(vu): ...
    """)
    flag = ThresholdPlan("http_reqs", "count>10")
    thresholds = build_plan(scenario_file, Overrides(thresholds=(flag,))).plan.thresholds
    file = scenario_file.file
    assert [threshold.place for threshold in thresholds] == [
        f"{file}:4",
        f"{file}:5",
        f"{file}:7",
        "",
    ]


def test_no_thresholds_leaves_the_default_gates(build) -> None:
    plan = build("{'thresholds': {'checks': ['rate>0.9']}}", Overrides(no_thresholds=True)).plan
    assert plan.thresholds == ()
    assert plan.default_gates


def test_no_thresholds_and_a_threshold_contradict() -> None:
    with pytest.raises(UsageError, match="--no-thresholds and --threshold contradict"):
        Overrides(no_thresholds=True, thresholds=(ThresholdPlan("checks", "rate>0"),))


def test_a_seed_is_chosen_and_recorded(build) -> None:
    seeds = {build("{}").plan.seed for _ in range(5)}
    assert len(seeds) > 1
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert build("{}", Overrides(seed=0)).plan.seed == 0


def test_scenarios_do_not_need_a_default_function(load) -> None:
    plan = build_plan(
        load("""
            options = {"scenarios": {"a": {"executor": "shared-iterations", "exec": "browse"}}}
            async def browse(vu): ...
        """)
    ).plan
    assert plan.scenarios[0].exec == "browse"


# VUs and stages before, what they are multiplied with, what comes out.
@pytest.mark.parametrize(
    ("vus", "scale", "expected"),
    [
        (10, 0.5, 5),
        (5, 0.5, 3),  # 2.5, half up
        (150, 0.01, 2),  # 1.5, half up
        (1, 0.01, 1),  # at least one where there was one
        (5, 0.3, 2),  # 1.5, although the binary fraction next to 0.3 is below it
        (7, 3, 21),
    ],
)
def test_vus_scale(build, vus, scale, expected) -> None:
    plan = build(f"{{'vus': {vus}, 'duration': '1s'}}", Overrides(vus_scale=scale)).plan
    assert plan.scenarios[0].executor == ConstantVUs(expected, S)


def test_scales_reach_all_load_and_nothing_else(load) -> None:
    plan = build_plan(load(EVERYTHING), Overrides(duration_scale=0.1, vus_scale=2)).plan
    browse, submit, seed_data, warm_up = plan.scenarios
    # Stages and their targets; zero stays zero; graceful periods are limits, not load.
    assert browse.executor == RampingVUs(0, (Stage(9 * S, 40), Stage(S // 2, 0)), S)
    assert browse.graceful_stop_ns == 2 * S
    assert submit.executor == ConstantVUs(6, S)
    assert submit.start_time_ns == 50 * MS
    assert warm_up.executor == PerVUIterations(4, 4, 900 * MS)
    # One iteration stays one, and a second user would have nothing to do; 10 min become 1.
    assert seed_data.executor == SharedIterations(1, 1, 60 * S)
    assert plan.thresholds[1].delay_abort_eval_ns == 10 * S
    assert plan.setup_timeout_ns == 120 * S


def test_scaling_never_makes_more_users_than_iterations(build) -> None:
    plan = build("{'vus': 2, 'iterations': 4}", Overrides(vus_scale=4)).plan
    assert plan.scenarios[0].executor == SharedIterations(4, 4)


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ("'duration': '1m'", "1ns of the 1m"),
        ("'stages': [{'duration': '1h', 'target': 1}]", "1ns of the 1h"),
        ("'iterations': 3", "1ns of the 10m"),
    ],
)
def test_a_scale_that_leaves_no_time_is_refused(build, options: str, left: str) -> None:
    with pytest.raises(UsageError) as refused:
        build(f"{{{options}}}", Overrides(duration_scale=1e-30))
    assert str(refused.value) == (
        f"--duration-scale 1e-30 leaves {left} of scenario 'api': nothing can be measured "
        "in less than 1ms, so scale by more"
    )


def test_a_duration_never_scales_to_nothing(build) -> None:
    plan = build("{'duration': '1ns'}", Overrides(duration_scale=0.001)).plan
    assert plan.scenarios[0].executor == ConstantVUs(1, 1)


ARRIVAL_RATES = """{"scenarios": {
    "browse": {
        "executor": "constant-arrival-rate", "rate": 30, "duration": "5s", "preAllocatedVUs": 4,
    },
    "submit": {
        "executor": "ramping-arrival-rate",
        "startRate": 2,
        "timeUnit": "1m",
        "stages": [{"duration": "2m", "target": 10}],
        "preAllocatedVUs": 0,
        "maxVUs": 8,
        "spacing": "poisson",
        "whenBusy": "queue",
    },
}}"""


def test_arrival_rates(build) -> None:
    browse, submit = (scenario.executor for scenario in build(ARRIVAL_RATES).plan.scenarios)
    assert browse == ConstantArrivalRate(30, 5 * S, pre_allocated_vus=4, max_vus=4)
    assert submit == RampingArrivalRate(
        (Stage(120 * S, 10),),
        pre_allocated_vus=0,
        max_vus=8,
        start_rate=2,
        time_unit_ns=60 * S,
        spacing=Spacing.POISSON,
        when_busy=WhenBusy.QUEUE,
    )


def test_scaling_users_scales_the_rate_that_they_carry(build) -> None:
    before = [one.executor for one in build(ARRIVAL_RATES).plan.scenarios]
    scaled = build(ARRIVAL_RATES, Overrides(duration_scale=3, vus_scale=0.5)).plan.scenarios
    browse, submit = (scenario.executor for scenario in scaled)
    assert browse == ConstantArrivalRate(30, 15 * S, 2, 2, time_unit_ns=2 * S)
    assert (submit.time_unit_ns, submit.max_vus) == (120 * S, 4)
    assert submit.stages == (Stage(360 * S, 10),)
    assert [planned_arrivals(one) for one in before] == [150, 12]
    assert [planned_arrivals(one) for one in (browse, submit)] == [225, 18]
