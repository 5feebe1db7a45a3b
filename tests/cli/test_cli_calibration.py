"""`run --calibrate` and `doctor --load`: the generator measured before its figures are believed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import pytest

from atlas_perf.cli import calibration, conduct, session
from atlas_perf.cli.calibration import (
    CalibrationLoad,
    calibrate,
    connections_for,
    floor_rates,
    load_of_plan,
)
from atlas_perf.cli.child_server import ChildServer, child_server
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.errors import RunInvalidError
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    RampingArrivalRate,
    ScenarioPlan,
    Stage,
    TestPlan,
)
from atlas_perf.model.summary import Calibration, Floor
from atlas_perf.units import NS_PER_S

SHORT_NS = NS_PER_S

SCENARIO = """
options = {"vus": 2, "duration": "300ms", "thresholds": {"http_req_duration": ["p(95)<60000"]}}


async def default(vu):
    await vu.http.get("/actuator/health")
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file, in a folder of its own, and a calibration that is soon over."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "DEFAULT_TIME_NS", SHORT_NS)
    (tmp_path / "shop.py").write_text(SCENARIO)
    return "shop.py"


def summary_in(folder: Path) -> dict:
    (file,) = folder.glob("results/*/summary.json")
    return json.loads(file.read_text())


def measured(floor_ms: float, max_per_s: float) -> Calibration:
    floor = Floor(100.0, *[floor_ms] * 6, lag_p99_ms=0.0)
    return Calibration(1, 2, 8, 1_000, max_per_s, 1.0, 0.5, (floor,))


def plan_of(*executors: Executor, processes: int = 2) -> TestPlan:
    scenarios = tuple(
        ScenarioPlan(str(number), executor) for number, executor in enumerate(executors)
    )
    return TestPlan("api", "api.py", "00", scenarios, processes=processes)


def assert_consistent(found: Calibration) -> None:
    assert found.max_per_s > 0
    assert found.worker_cores > 0
    assert found.server_cores > 0
    assert found.floors
    assert all(low.rate_per_s < high.rate_per_s for low, high in pairwise(found.floors))
    for floor in found.floors:
        assert 0 < floor.rate_per_s <= 0.8 * found.max_per_s + 1
        assert 0 < floor.service_p50_ms <= floor.service_p95_ms <= floor.service_p99_ms
        assert 0 < floor.response_p50_ms <= floor.response_p95_ms <= floor.response_p99_ms
        assert floor.service_p50_ms <= floor.response_p50_ms * 1.02  # the accuracy of the sketch
        assert floor.lag_p99_ms >= 0


def test_the_figures_are_there_and_fit_together() -> None:
    load = CalibrationLoad(2, 4, payload_bytes=50_000, time_ns=SHORT_NS)
    with StopSignals() as signals:
        found = calibrate(load, signals)
    assert_consistent(found)
    assert (found.processes, found.connections, found.payload_bytes) == (2, 4, 50_000)


def test_a_calibrated_run_keeps_and_shows_them(atlas_perf, scenario, tmp_path, monkeypatch) -> None:
    ran = atlas_perf("run", scenario, "--environment", "embedded", "--calibrate", "-p", "1")
    assert ran.exit_code in {0, 3}, ran.stderr  # what it comes to is up to this machine
    found = summary_in(tmp_path)["calibration"]
    assert_consistent(
        Calibration(**{**found, "floors": tuple(Floor(**one) for one in found["floors"])})
    )
    assert (found["processes"], found["connections"], found["payload_bytes"]) == (1, 2, 1_000)
    assert "calibrated: at most" in ran.stdout
    assert "shop: calibrating for 1s" in ran.stderr


def test_without_it_nothing_is_said(atlas_perf, scenario, tmp_path) -> None:
    ran = atlas_perf("run", scenario, "--environment", "embedded")
    assert ran.exit_code == 0
    assert summary_in(tmp_path)["calibration"] is None
    assert "calibrat" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "limit",
    [
        (measured(60_000.0, 1e9), "of a server that takes no time"),
        (measured(1e-6, 1e-3), "requests were made at over 80 %"),
    ],
)
def test_a_run_too_close_to_the_generator_is_invalid(
    atlas_perf, scenario, tmp_path, monkeypatch, limit
) -> None:
    found, says = limit
    monkeypatch.setattr(conduct, "calibrate", lambda _load, _signals: found)
    ran = atlas_perf("run", scenario, "--environment", "embedded", "--calibrate")
    assert ran.exit_code == 3
    summary = summary_in(tmp_path)
    assert summary["verdict"] == "INVALID"
    assert any(says in reason for reason in summary["reasons"])


def test_a_planned_rate_above_it_is_doubted_before(atlas_perf, scenario, monkeypatch) -> None:
    monkeypatch.setattr(conduct, "calibrate", lambda _load, _signals: measured(1e-6, 10.0))
    ran = atlas_perf(
        *("run", scenario, "--environment", "embedded", "--calibrate"),
        *("--rate", "20", "-d", "300ms"),
    )
    assert "warning: shop: the planned 20/s are over 80 % of the 10/s" in ran.stderr


def test_a_calibration_that_fails_ends_the_run_before_its_load(
    atlas_perf, scenario, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(
        calibration, "child_server", lambda name, *_: child_server(name, "no_such_module", ())
    )
    ran = atlas_perf("run", scenario, "--environment", "embedded", "--calibrate")
    assert ran.exit_code == 3
    assert "the null server ended before it listened" in ran.stderr
    summary = summary_in(tmp_path)
    assert (summary["verdict"], summary["ledger"]) == ("INVALID", {})
    assert "the null server ended before it listened" in summary["reasons"][0]


def test_a_null_server_that_does_not_answer_is_no_floor(monkeypatch) -> None:
    class Deaf:
        url = "http://127.0.0.1:1"  # where nobody listens

    monkeypatch.setattr(calibration, "child_server", lambda *_: nullcontext(Deaf()))
    with StopSignals() as signals, pytest.raises(RunInvalidError, match="the calibration failed"):
        calibrate(CalibrationLoad(1, 1, time_ns=SHORT_NS), signals)


def test_a_null_server_that_says_nothing_in_the_end_is_no_measure(monkeypatch) -> None:
    monkeypatch.setattr(ChildServer, "end", lambda _: "")
    with StopSignals() as signals, pytest.raises(RunInvalidError, match="did not say what CPU"):
        calibrate(CalibrationLoad(1, 1, time_ns=SHORT_NS), signals)


@pytest.mark.parametrize("command", [("run", "shop.py"), ("doctor",)])
def test_a_payload_without_a_null_server_is_refused(atlas_perf, scenario, command) -> None:
    refused = atlas_perf(*command, "--payload", "10kB")
    assert refused.exit_code == 2
    assert "--payload is the size of the null server's answers: add --" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--load", "smoke"), "write '10s', and scenarios before --load"),
        (("--load", "1ms"), "give 500ms to 1m"),
        (("--load", "--payload", "17MB"), "is not a size up to 16 MB"),
        (("--load", "--payload", "0"), "is not a size up to 16 MB"),
    ],
)
def test_what_cannot_be_calibrated_with_is_refused(atlas_perf, arguments, says) -> None:
    refused = atlas_perf("doctor", *arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert says in refused.stderr


def test_the_doctor_shows_a_table_and_what_it_means(atlas_perf) -> None:
    found = atlas_perf("doctor", "-p", "1", "--load", "1s", "--payload", "2kB")
    assert found.exit_code == 0, found.stderr
    table = found.stdout[found.stdout.index("\nload: ") + 1 :].splitlines()
    assert table[0] == (
        "load: 1 worker process, 64 connections to a null server, answers of 2.00 kB"
    )
    assert table[1].startswith("  at most ")
    assert [line.split()[0] for line in table[4:7]] == ["service", "response", "lag"]
    assert "From here a target can be judged whose median is at least" in found.stdout


def test_the_doctor_loads_with_the_plan_it_is_asked_about(atlas_perf, scenario) -> None:
    found = atlas_perf(
        *("doctor", scenario, "-e", "BASE_URL=http://127.0.0.1:9", "-u", "3", "-d", "1s"),
        *("-p", "2", "--load", "1s"),
    )
    assert found.exit_code == 0, found.stderr
    assert "load: shop, 2 worker processes, 3 connections" in found.stdout


def test_what_cannot_work_is_not_loaded(atlas_perf, scenario) -> None:
    refused = atlas_perf(
        *("doctor", scenario, "-e", "BASE_URL=http://127.0.0.1:9", "-p", "1"),
        *("-u", "900000", "-d", "1s", "--load"),
    )
    assert refused.exit_code == 2
    assert "load: " not in refused.stdout


def test_the_load_is_the_plans_up_to_a_bound() -> None:
    constant = ConstantArrivalRate(30, NS_PER_S, 10, 10, time_unit_ns=60 * NS_PER_S)
    ramp = RampingArrivalRate((Stage(NS_PER_S, 70), Stage(NS_PER_S, 5)), 20, 20, start_rate=9)
    load = load_of_plan(plan_of(constant, ramp, ConstantVUs(5, NS_PER_S)), 100, SHORT_NS)
    assert (load.processes, load.connections, load.rate_per_s) == (2, 35, 70.5)
    many = load_of_plan(plan_of(ConstantVUs(20_000, NS_PER_S)), 100, SHORT_NS)
    assert (many.connections, many.rate_per_s) == (connections_for(2), None)


@pytest.mark.parametrize(
    ("planned", "most", "rates"),
    [
        (None, 10_000.0, (1_000, 5_000)),
        (500.0, 10_000.0, (500, 5_000)),
        (2.0, 10_000.0, (100, 5_000)),  # a p(99) needs samples
        (6_000.0, 10_000.0, (6_000,)),
        (50_000.0, 10_000.0, (8_000,)),  # no floor where nothing can be judged
        (None, 50.0, (40,)),
    ],
)
def test_the_floor_is_measured_at_the_planned_rate_and_at_half_of_the_highest(
    planned, most, rates
) -> None:
    assert floor_rates(planned, most) == rates


def test_ctrl_c_ends_a_calibration(tmp_path) -> None:
    (tmp_path / "shop.py").write_text(SCENARIO)
    command = ["run", "shop.py", "--environment", "embedded", "--calibrate"]
    with subprocess.Popen(
        [sys.executable, "-m", "atlas_perf", *command],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "calibrating" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "interrupted" in said
    summary = summary_in(tmp_path)
    assert (summary["verdict"], summary["exit_code"]) == ("INVALID", 130)
    assert summary["reasons"] == ["The command was interrupted before the run offered any load."]
