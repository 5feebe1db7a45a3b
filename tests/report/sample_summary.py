"""A summary with something in every part, built by hand."""

from __future__ import annotations

from atlas_perf.errors import ExitCode
from atlas_perf.model.baseline import BaselineReport, BaselineResult
from atlas_perf.model.batch import Ledger, StallCause
from atlas_perf.model.metric import Contains, MetricKind
from atlas_perf.model.summary import (
    Calibration,
    CheckResult,
    CriterionState,
    EndpointSummary,
    ExceptionSummary,
    Facts,
    Floor,
    MetricSummary,
    OutputSummary,
    PhaseSummary,
    StallSummary,
    Summary,
    ThresholdResult,
    Window,
    WorkerSeconds,
    WorkerSummary,
)
from atlas_perf.model.verdict import Verdict

TIMES = (MetricKind.TREND, Contains.TIME)
STATS = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)")


def trend(name: str, count: int, *values: float, contains: Contains = Contains.TIME):
    return MetricSummary(
        name, MetricKind.TREND, contains, {"count": count, **dict(zip(STATS, values, strict=True))}
    )


def counter(name: str, count: float, rate: float, contains: Contains = Contains.DEFAULT):
    return MetricSummary(name, MetricKind.COUNTER, contains, {"count": count, "rate": rate})


def baseline(title, expression, unit, value, band=(None, None)):
    component, name = title.split(" ", 1)
    low, high = band
    limit = float(expression.split()[2])
    verdict, reason, margin = Verdict.NO_DATA, "there is no sample.", None
    if value is not None:
        over = value > limit
        margin = (limit - value) / limit if "<" in expression else (value - limit) / limit
        verdict = Verdict.PASS if over == (">" in expression) else Verdict.FAIL
        reason = "" if high is None else "Too close to call, or broken."
    return BaselineResult(
        component=component,
        name=name,
        scenario="api",
        selector="http_req_duration",
        expression=expression,
        limit=limit,
        unit=unit,
        verdict=verdict,
        value=value,
        at_least=False,
        low=low,
        high=high,
        margin=margin,
        samples=0 if value is None else 900,
        minimum_samples=100,
        reason=reason,
    )


def rate(name: str, passes: int, fails: int):
    values = {"rate": passes / (passes + fails), "passes": passes, "fails": fails}
    return MetricSummary(name, MetricKind.RATE, Contains.DEFAULT, values)


def gauge(name: str, value: float, low: float, high: float):
    values = {"value": value, "min": low, "max": high}
    return MetricSummary(name, MetricKind.GAUGE, Contains.DEFAULT, values)


METRICS = (
    counter("http_reqs", 12_408, 413.6),
    rate("http_req_failed", 149, 12_259),
    trend("http_req_duration", 12_259, 14.62, 0.871, 12.3, 212.7, 24.9, 31.44, 97.3),
    trend("http_req_duration{name:POST /api/runs}", 3100, 22.1, 4.2, 20.3, 212.7, 39.1, 46.8, 118),
    trend(
        "http_req_duration{expected_response:false}",
        149,
        4023.1,
        1.9,
        2.4,
        60_000,
        8.1,
        60_000,
        60_000,
    ),
    trend("http_req_blocked", 12_408, 0.0214, 0.0011, 0.0019, 4.31, 0.0027, 0.0034, 0.87),
    trend("http_req_connecting", 40, 0.31, 0.112, 0.287, 1.02, 0.51, 0.66, 1.02),
    trend("http_req_sending", 12_408, 0.011, 0.004, 0.009, 0.41, 0.019, 0.025, 0.06),
    trend("http_req_waiting", 12_259, 14.5, 0.85, 12.2, 212.5, 24.7, 31.3, 97.1),
    trend("http_req_receiving", 12_259, 0.082, 0.012, 0.07, 3.4, 0.15, 0.21, 0.62),
    counter("iterations", 3102, 103.4),
    rate("iteration_failed", 3, 3099),
    trend("iteration_duration", 3099, 193.2, 101.4, 188.0, 60_211.0, 240.0, 262.0, 391.0),
    gauge("vus", 20, 1, 20),
    gauge("vus_max", 20, 20, 20),
    rate("checks", 15_360, 149),
    trend("queue_depth", 3100, 3.25, 0, 3, 19, 6, 8, 14, contains=Contains.DEFAULT),
    counter("runs_created", 3100, 103.33333333),
    counter("data_received", 48_213_377, 1_607_112, Contains.DATA),
    counter("data_sent", 2_914_202, 97_140, Contains.DATA),
)


def sample_summary() -> Summary:
    """A run that failed, with an exception, a slow failure and a threshold without data."""
    return Summary(
        name="api",
        file="scenarios/api.py",
        file_sha256="ab" * 32,
        started_at="2026-11-23T14:05:12.123456789Z",
        measured_s=30.0,
        verdict=Verdict.FAIL,
        exit_code=ExitCode.FAIL,
        reasons=(
            "http_req_failed: rate was 0.01201, which breaks the limit < 0.01. Look at POST "
            "/api/runs: 148 of 3248 failed, mostly with status 503.",
            "http_req_duration{name:POST /api/rusn}: p(95)<500 could not be judged: no "
            "http_req_duration sample has the tag name:POST /api/rusn; "
            "the nearest is name:POST /api/runs.",
        ),
        facts=Facts(
            tool_version="0.1.0",
            python="3.11.9",
            uvloop="0.23.0",
            platform="Linux-6.1-x86_64",
            cpu_model="a processor",
            cpu_count=4,
            target="http://127.0.0.1:8080",
            environment="local",
        ),
        plan={"name": "api", "env": {"API_TOKEN": "***"}, "processes": 2},
        thresholds=(
            ThresholdResult(
                "http_req_duration", "p(95)<500", CriterionState.PASSED, 31.44, 500.0, "ms"
            ),
            ThresholdResult(
                "http_req_duration",
                "p(99) < 98",
                CriterionState.PASSED,
                97.3,
                98.0,
                "ms",
                reason="http_req_duration: p(99) was 97.3 ms, which meets the limit < 98 ms, but "
                "lies within the sketch's 1 % of it: the exact value may not.",
            ),
            ThresholdResult(
                "http_req_duration{name:POST /api/rusn}",
                "p(95)<500",
                CriterionState.NO_DATA,
                None,
                500.0,
                "ms",
                reason="no http_req_duration sample has the tag name:POST /api/rusn.",
            ),
            ThresholdResult(
                "checks", "rate>0.99", CriterionState.PASSED, 0.990393, 0.99, "", default_gate=True
            ),
            ThresholdResult(
                "http_req_failed",
                "rate<0.01",
                CriterionState.FAILED,
                0.012008,
                0.01,
                "",
                default_gate=True,
                reason="http_req_failed: rate was 0.01201, which breaks the limit < 0.01.",
            ),
            ThresholdResult(
                "iteration_failed",
                "rate<0.01",
                CriterionState.PASSED,
                3 / 3102,
                0.01,
                "",
                default_gate=True,
            ),
        ),
        checks=(
            CheckResult("health is ok", "", "api", 3102, 0),
            CheckResult("status is 202", "::create run", "api", 2950, 148),
            CheckResult("has an id", "::create run", "api", 2950, 0),
            CheckResult("run is listed", "::read back", "api", 6358, 1),
        ),
        metrics={metric.name: metric for metric in METRICS},
        endpoints=(
            EndpointSummary(
                "api",
                "GET",
                "/api/runs",
                6058,
                1,
                {"200": 6057, "0": 1},
                {"1050": 1},
                {"avg": 9.1, "p(50)": 8.2, "p(95)": 19.4, "p(99)": 31.0, "max": 88.2},
            ),
            EndpointSummary(
                "api",
                "POST",
                "/api/runs",
                3248,
                148,
                {"202": 3100, "503": 148},
                {"1503": 148},
                {"avg": 22.1, "p(50)": 20.3, "p(95)": 46.8, "p(99)": 118.0, "max": 212.7},
            ),
            EndpointSummary(
                "api",
                "GET",
                "/api/health",
                3102,
                0,
                {"200": 3102},
                {},
                {"avg": 1.2, "p(50)": 1.1, "p(95)": 2.0, "p(99)": 2.9, "max": 7.7},
            ),
        ),
        exceptions=(
            ExceptionSummary(
                "api", "KeyError", "'run_id'", "scenarios/api.py", 41, 3, "Traceback …"
            ),
        ),
        ledger={"api": Ledger(3104, 3104, 0, 3099, 3, 2)},
        workers=(
            WorkerSummary(0, 31, (), None, 0.41, 2.31, 61_000_000, 0, 0),
            WorkerSummary(
                1,
                31,
                (),
                None,
                0.39,
                121.74,
                60_400_000,
                0,
                0,
                loop_cpu_share=0.38,
                gc_pause_max_ms=4.2,
                gc_pause_ms=17.9,
                peak_open_files=84,
                seconds=WorkerSeconds(
                    (0, 1),
                    (1.2, 121.74),
                    (0.4, 0.05),
                    (0.39, 0.04),
                    (0.0, 0.01),
                    (4.2, 0.0),
                    (0, 0),
                    (84, 84),
                ),
                stalls=(
                    StallSummary(
                        StallCause.BLOCKING,
                        "scenarios/api.py",
                        52,
                        "time.sleep(0.12)",
                        1,
                        121.74,
                        121.74,
                        '  File "scenarios/api.py", line 52, in api\n    time.sleep(0.12)\n',
                    ),
                ),
            ),
        ),
        windows=(
            Window(
                *(0, 20, 410, 4, 101, 0, 4, 1_600_000, 97_000, 12.1, 30.9, 96.0, 1.2, 0.8),
                planned_arrivals=104,
                started_arrivals=60,
            ),
            Window(
                *(1, 20, 0, 0, 0, 0, 0, 0, 0, None, None, None, 121.74, 0.1),
                phases=("ramp", "steady"),
                planned_arrivals=3000,
                started_arrivals=3044,
            ),
        ),
        phases=(
            PhaseSummary("api", "warm-up", 0.0, 5.0, 5.0, counted=False),
            PhaseSummary("api", "ramp", 5.0, 10.0, 5.0),
            PhaseSummary("api", "steady", 10.0, 30.0, 20.0),
        ),
        baselines=BaselineReport(
            "shipped",
            1,
            (
                baseline("API p95 latency", "p(95) < 500 over steady", "ms", 612.4, (590, 641.7)),
                baseline("API throughput", "rate > 100 over steady", "per_s", 104, (97.5, 110.5)),
                baseline("AI p99 latency", "p(99) < 5000 over steady", "ms", 1800, (1700, None)),
                baseline("AI p95 latency", "p(95) < 2000 over steady", "ms", None),
            ),
        ),
        calibration=Calibration(
            processes=2,
            connections=20,
            cores=2,
            payload_bytes=1000,
            max_per_s=24_310.0,
            worker_cores=1.42,
            server_cores=0.51,
            floors=(
                Floor(500.0, 0.062, 0.11, 0.284, 0.121, 0.24, 0.61, 0.33),
                Floor(12_155.0, 0.18, 0.52, 1.31, 0.33, 0.94, 2.2, 0.81),
            ),
        ),
        outputs=(
            OutputSummary("json=samples.ndjson.gz", True, ""),
            OutputSummary(
                "influxdb=http://metrics:8086/api/v2/write",
                complete=False,
                note="--out influxdb: 28 of 30 seconds were delivered, 2 were lost: timed out.",
                seconds=30,
                lost_seconds=2,
            ),
        ),
    )
