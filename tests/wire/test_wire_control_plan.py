from __future__ import annotations

import copy
import json
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.model.feed import (
    FeedMode,
    FeedPer,
    FeedPlan,
    OnExhausted,
    RowFormat,
    RowLayout,
)
from atlas_perf.model.metric import AcrossWorkers, Contains, Metric, MetricKind
from atlas_perf.model.plan import (
    EXECUTOR_NAMES,
    AllowedHosts,
    ClientCertificate,
    ConstantArrivalRate,
    ConstantVUs,
    DnsOptions,
    HttpOptions,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    RateCeiling,
    ScenarioPlan,
    SharedIterations,
    Spacing,
    Stage,
    TestPlan,
    ThresholdPlan,
    WhenBusy,
)
from atlas_perf.wire.errors import WireError
from atlas_perf.wire.plan_codec import plan_from_plain, plan_to_plain

COUNTS = st.integers(0, 2**53)
NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
PAIRS = st.dictionaries(NAMES, NAMES, max_size=3)
EXECUTORS = st.one_of(
    st.builds(ConstantVUs, COUNTS, COUNTS),
    st.builds(
        RampingVUs,
        COUNTS,
        st.lists(st.builds(Stage, COUNTS, COUNTS), max_size=3).map(tuple),
        COUNTS,
    ),
    st.builds(SharedIterations, COUNTS, COUNTS, COUNTS),
    st.builds(PerVUIterations, COUNTS, COUNTS, COUNTS),
    st.builds(
        ConstantArrivalRate,
        *[COUNTS] * 5,
        st.sampled_from(Spacing),
        st.sampled_from(WhenBusy),
    ),
    st.builds(
        RampingArrivalRate,
        st.lists(st.builds(Stage, COUNTS, COUNTS), max_size=3).map(tuple),
        *[COUNTS] * 4,
        st.sampled_from(Spacing),
        st.sampled_from(WhenBusy),
    ),
)
SCENARIOS = st.builds(ScenarioPlan, NAMES, EXECUTORS, NAMES, COUNTS, COUNTS, env=PAIRS, tags=PAIRS)
METRICS = st.builds(
    Metric,
    NAMES,
    st.sampled_from(MetricKind),
    st.sampled_from(Contains),
    st.sampled_from(AcrossWorkers),
)
FEEDS = st.builds(
    FeedPlan,
    NAMES,
    COUNTS,
    st.sampled_from(FeedMode),
    st.sampled_from(FeedPer),
    st.sampled_from(OnExhausted),
    NAMES,
    NAMES,
    st.builds(RowLayout, st.sampled_from(RowFormat), NAMES, st.lists(NAMES).map(tuple)),
)
CERTIFICATES = st.builds(
    ClientCertificate,
    NAMES,
    NAMES,
    st.none() | NAMES,
    st.lists(NAMES, max_size=2).map(tuple),
)
HTTP = st.builds(
    HttpOptions,
    COUNTS,
    COUNTS,
    st.none() | NAMES,
    *[st.booleans()] * 5,
    hosts=PAIRS,
    tls_auth=st.lists(CERTIFICATES, max_size=2).map(tuple),
    tls_ca_file=st.none() | NAMES,
    proxy=st.none() | NAMES,
    proxy_from_environment=st.booleans(),
    fold_urls=st.booleans(),
    discard_response_bodies=st.booleans(),
    batch=COUNTS,
    batch_per_host=COUNTS,
    allowed_hosts=st.lists(
        st.builds(AllowedHosts, st.lists(NAMES, max_size=2).map(tuple), NAMES), max_size=2
    ).map(tuple),
    connect_timeout_ns=st.none() | COUNTS,
    tls_handshake_timeout_ns=st.none() | COUNTS,
    connection_max_age_ns=st.none() | COUNTS,
    connection_max_idle_ns=st.none() | COUNTS,
    dns=st.builds(DnsOptions, st.none() | COUNTS, NAMES, NAMES),
)
PLANS = st.builds(
    TestPlan,
    name=NAMES,
    file=NAMES,
    file_sha256=NAMES,
    scenarios=st.lists(SCENARIOS, min_size=1, max_size=3).map(tuple),
    thresholds=st.lists(
        st.builds(ThresholdPlan, NAMES, NAMES, st.booleans(), COUNTS), max_size=2
    ).map(tuple),
    default_gates=st.booleans(),
    metrics=st.lists(METRICS, max_size=2).map(tuple),
    feeds=st.lists(FEEDS, max_size=2).map(tuple),
    tags=PAIRS,
    env=PAIRS,
    http=HTTP,
    seed=COUNTS,
    processes=COUNTS,
    setup_timeout_ns=COUNTS,
    teardown_timeout_ns=COUNTS,
    min_iteration_duration_ns=COUNTS,
    summary_trend_stats=st.lists(NAMES, max_size=3).map(tuple),
    rate_ceiling=st.none() | st.builds(RateCeiling, st.floats(0, 1e6), NAMES),
    keep_samples=st.booleans(),
)


@given(PLANS)
def test_every_plan_survives_the_way_through_json(plan):
    assert plan_from_plain(json.loads(json.dumps(plan_to_plain(plan)))) == plan


@given(PLANS)
def test_a_plain_plan_can_be_changed_without_changing_the_plan(plan):
    before = copy.deepcopy(plan)
    plain = plan_to_plain(plan)
    plain["env"]["X"] = plain["scenarios"][0]["tags"]["X"] = plain["http"]["hosts"]["X"] = "y"
    assert plan == before


@pytest.fixture
def plain():
    scenario = ScenarioPlan(
        "s", RampingVUs(1, (Stage(5, 2),)), tags=MappingProxyType({"kind": "write"})
    )
    metric = Metric("latency", MetricKind.TREND, Contains.TIME)
    threshold = ThresholdPlan("checks", "rate>0.9")
    return plan_to_plain(TestPlan("p", "p.py", "00", (scenario,), (threshold,), metrics=(metric,)))


def test_the_plain_form_says_what_the_options_say(plain):
    assert plain["scenarios"][0]["executor"] == {
        "executor": "ramping-vus",
        "start_vus": 1,
        "stages": [{"duration_ns": 5, "target": 2}],
        "graceful_ramp_down_ns": 30 * 10**9,
        "step_ns": 0,
    }
    assert plain["scenarios"][0]["tags"] == {"kind": "write"}
    assert plain["metrics"] == [
        {"name": "latency", "kind": "trend", "contains": "time", "across_workers": "last"}
    ]


def test_every_executor_has_a_name_of_its_own():
    assert len(set(EXECUTOR_NAMES.values())) == len(EXECUTOR_NAMES)


def _damage(*path, value):
    def damage(plain):
        holder = plain
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value
        return plain

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda plain: None,
        lambda plain: [plain],
        lambda plain: {key: value for key, value in plain.items() if key != "seed"},
        _damage("unknown", value=1),
        _damage("seed", value="1"),
        _damage("seed", value=True),
        _damage("keep_samples", value=1),
        _damage("scenarios", value={}),
        _damage("scenarios", 0, value=None),
        _damage("scenarios", 0, "executor", "executor", value="constant-arrivals"),
        _damage(
            "scenarios",
            0,
            "executor",
            value={
                "executor": "constant-arrival-rate",
                "rate": 1,
                "duration_ns": 1,
                "pre_allocated_vus": 1,
                "max_vus": 1,
                "time_unit_ns": 1,
                "spacing": "random",
                "when_busy": "drop",
            },
        ),
        _damage("scenarios", 0, "executor", "vus", value=1),
        _damage("scenarios", 0, "executor", "stages", 0, value=[5, 2]),
        _damage("scenarios", 0, "executor", value=None),
        _damage("metrics", 0, "kind", value="histogram"),
        _damage("tags", value=[]),
        _damage("tags", value={"a": 1}),
        _damage("http", "hosts", value={1: "a"}),
        _damage("http", "tls_auth", value=[{"cert": "a"}]),
        _damage("http", "connect_timeout_ns", value=True),
        _damage("http", "dns", value={"ttl_ns": 1}),
        _damage("summary_trend_stats", value=[95]),
    ],
)
def test_what_is_not_a_plan_is_refused(plain, damage):
    assert plan_from_plain(plain)
    with pytest.raises(WireError):
        plan_from_plain(damage(plain))
