"""`atlas-perf inspect`: what it tells, that it tells no secret, and that it starts nothing."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_outcome import Outcome

from atlas_perf.cli import session
from atlas_perf.cli.inspect import inspect
from atlas_perf.cli.run import run
from atlas_perf.report.terminal_text import columns

Command = Callable[..., Outcome]

SHOP = """
options = {
    "scenarios": {
        "browse": {
            "executor": "ramping-arrival-rate",
            "preAllocatedVUs": 5,
            "maxVUs": 50,
            "stages": [{"duration": "30s", "target": 20}, {"duration": "1m", "target": 20}],
            "warmUp": "10s",
            "gracefulStop": "4s",
            "tags": {"kind": "read"},
        },
        "fill": {
            "executor": "shared-iterations",
            "vus": 2,
            "iterations": 10,
            "maxDuration": "1m",
            "startTime": "5s",
            "env": {"API_KEY": "of-a-scenario"},
        },
    },
    "thresholds": {"http_req_duration": [{"threshold": "p(99)<900", "abortOnFail": True}]},
    "proxy": "http://ann:of-a-proxy@proxy.example:3128",
    "tags": {"team": "own"},
}


async def setup(vu): ...


async def default(vu): ...
"""

PLAIN = 'options = {"vus": 6, "duration": "30s"}\n\n\nasync def default(vu): ...\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing may be started from it."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a plan is only looked at")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "embedded_target", never)
    monkeypatch.setattr(subprocess, "Popen", never)
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "plain.py").write_text(PLAIN)
    return tmp_path


@pytest.fixture
def plan_in(atlas_perf: Command) -> Callable[..., dict[str, Any]]:
    def command(*arguments: str) -> dict[str, Any]:
        outcome = atlas_perf("inspect", "--json", *arguments)
        assert outcome.exit_code == 0, outcome.stderr
        plans: list[dict[str, Any]] = json.loads(outcome.stdout)["plans"]
        return plans[0]

    return command


def test_the_figures_of_a_plan(project, plan_in) -> None:
    plan = plan_in("shop.py", "-p", "2", "--seed", "7", "-e", "BASE_URL=http://a.example")
    assert plan["total_duration_s"] == 95  # `fill` ends at 65 s, and may take 30 s more
    assert plan["load_duration_s"] == 90
    assert plan["graceful_stop_s"] == 5
    assert plan["max_vus"] == 52
    assert plan["planned_arrivals"] == 1_500  # a triangle of 30 s and a minute at 20/s
    assert plan["max_rate_per_s"] == 20
    assert (plan["processes"], plan["seed"]) == (2, 7)
    assert plan["base_url"] == "http://a.example"
    browse, fill = plan["scenarios"]
    assert browse["stages"] == [{"duration_s": 30, "target": 20}, {"duration_s": 60, "target": 20}]
    assert [(one["phase"], one["begin_s"], one["end_s"]) for one in browse["phases"]] == [
        ("warm-up", 0, 10),
        ("ramp", 10, 30),
        ("steady", 30, 90),
    ]
    assert browse["tags"] == {"kind": "read"}
    assert (fill["executor"], fill["start_s"], fill["iterations"]) == ("shared-iterations", 5, 10)
    assert fill["phases"][0]["is_limit"]
    assert plan["thresholds"] == [
        {
            "metric": "http_req_duration",
            "expression": "p(99)<900",
            "abort_on_fail": True,
            "place": "shop.py:22",
        }
    ]
    gates = [gate["metric"] for gate in plan["default_gates"]]
    assert gates[0] == "http_req_response_time"
    assert "checks" in gates


def test_several_run_one_after_another(project, atlas_perf) -> None:
    document = json.loads(atlas_perf("inspect", "shop.py", "plain.py", "--json").stdout)
    assert document["total_duration_s"] == 95 + 60
    assert document["max_vus"] == 52
    assert [plan["name"] for plan in document["plans"]] == ["shop", "plain"]


def test_who_says_each_value(project, plan_in, monkeypatch) -> None:
    (project / "atlas-perf.toml").write_text(
        "max_vus = 400\n[run]\nprocesses = 2\ntags = { a = 'b' }\nenv = { REGION = 'eu' }\n"
        "[options]\nbatch = 3\nvus = 9\n"
    )
    monkeypatch.setenv("ATLAS_PERF_VUS", "7")
    monkeypatch.setenv("ATLAS_PERF_SEED", "3")
    plan = plan_in("plain.py", "--seed", "4", "-d", "9s", "--tag", "c=d", "-e", "X=y")
    said = {
        (one["option"], one["layer"], one["place"]): (one["value"], one["over"])
        for one in plan["options"]
    }
    assert said == {
        ("batch", "file", "atlas-perf.toml:7"): ("3", []),
        ("vus", "variable", "ATLAS_PERF_VUS"): ("7", ["plain.py:1"]),
        ("duration", "flag", "--duration"): ("9s", ["plain.py:1"]),
        ("processes", "file", "atlas-perf.toml:3"): ("2", []),
        ("seed", "flag", "--seed"): ("4", []),
        ("tags", "file", "atlas-perf.toml:4"): ("a=b", []),
        ("tags", "flag", "--tag"): ("c=d", []),
        ("env REGION", "file", "atlas-perf.toml:5"): ("eu", []),
        ("env X", "flag", "-e"): ("y", []),
    }
    assert plan["tags"] == {"a": "b", "c": "d"}
    assert plan["env"] == {"REGION": "eu", "X": "y"}
    assert plan["limits"] == [{"place": "atlas-perf.toml", "key": "max_vus", "value": "400"}]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_secret_is_told(project, atlas_perf, monkeypatch, form) -> None:
    monkeypatch.setenv("AUTH_TOKEN", "of-the-process")
    told = atlas_perf(
        *("inspect", "shop.py", *form, "-e", "BASE_URL=http://ann:of-a-url@a.example"),
        *("-e", "PASSWORD=of-a-flag", "-e", "KEY=tiny", "--tag", "leak=of-a-flag"),
        *("--out", "influxdb=http://ann:of-an-output@b.example/x?token=of-an-output"),
    )
    assert told.exit_code == 0, told.stderr
    for secret in ("of-the-process", "of-a-flag", "of-a-url", "of-a-proxy", "of-a-sce", "tiny"):
        assert "of-an-output" not in told.stdout + told.stderr
        assert secret not in told.stdout + told.stderr, secret
    assert "***" in told.stdout


def test_the_text_fits_80_columns_and_has_colours_on_terminals_only(
    project, atlas_perf, monkeypatch
) -> None:
    (project / "atlas-perf.toml").write_text("max_vus = 400\nmax_rate_per_s = 500.5\n")
    monkeypatch.setattr("atlas_perf.cli.inspect.report_width", lambda: 80)
    told = atlas_perf("inspect", "shop.py", "-e", "BASE_URL=http://a.example").stdout
    assert all(columns(line) <= 80 for line in told.splitlines()), told
    assert "\x1b" not in told
    for words in (
        "shop  shop.py",
        "target     http://a.example",
        "at most 52 users · 1m30s of load · then up to 5s graceful stop",
        "1,500 iterations due · up to 20 a second",
        "seed chosen anew for each run",
        "ramping-arrival-rate · default()",
        "0 → 20 a second in 30s · 20 a second for 1m",
        "warm-up 0s–10s · ramp 10s–30s · steady 30s–1m30s",
        "http_req_duration: p(99)<900  ends the run  shop.py:22",
        "default gate",
        "max_rate_per_s = 500.5  atlas-perf.toml",
        "scenarios = 2 entries",
    ):
        assert words in told, words
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1m" in atlas_perf("inspect", "plain.py").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in atlas_perf("inspect", "plain.py").stdout


def test_the_embedded_target_is_named_and_not_started(project, atlas_perf) -> None:
    told = atlas_perf("inspect", "smoke", "--fault", "latency:1s", "--calibrate").stdout
    assert "embedded, started for the run on a free loopback port with latency:1s" in told
    assert "BASE_URL" not in told
    assert "calibration before, 5s" in told
    assert not (project / "results").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["plain.py", "--threshold", "http_reqz=count>1"],
        ["plain.py", "--payload", "1kB"],
        ["plain.py", "--environment", "production", "-e", "PRODUCTION_URL=http://a.example"],
        ["plain.py", "-u", "7", "-d", "1s", "--config", "limits.toml"],
        ["plain.py", "-s", "1s:1", "--profile", "load"],
        ["plain.py", "--environment", "local", "--fault", "latency:1s"],
        ["no-such-scenario"],
    ],
)
def test_what_a_run_refuses_is_refused_in_the_same_words(project, atlas_perf, arguments) -> None:
    (project / "limits.toml").write_text("max_vus = 5\n")
    inspected, ran = atlas_perf("inspect", *arguments), atlas_perf("run", *arguments)
    assert inspected.exit_code == ran.exit_code == 2
    assert inspected.stderr == ran.stderr
    assert inspected.stdout == ""


@pytest.mark.parametrize(("option", "value"), [("--profile", "load"), ("--stage", "2s:3")])
def test_a_ramp_is_called_what_it_was_asked_for_as(project, atlas_perf, option, value) -> None:
    told = atlas_perf("inspect", "api", option, value)
    assert f"warning: api: {option} replaces the file's `scenarios`" in told.stderr
    assert f"shown only: {option} changes the load" in told.stdout
    refused = atlas_perf("inspect", "api", option, value, "--iterations", "3").stderr
    assert f"--iterations and {option} are two kinds of load" in refused


def test_a_profile_of_the_file_that_is_not_used_is_said_to_be_unused(project, atlas_perf) -> None:
    (project / "atlas-perf.toml").write_text('[run]\nprofile = "load"\n')
    (project / "own.py").write_text("async def default(vu): ...\n")
    told = atlas_perf("inspect", "api")
    sentence = "atlas-perf.toml:2: the profile load is not used, as api says its own load"
    assert sentence in told.stderr
    assert "atlas-perf.toml" not in told.stdout
    used = atlas_perf("inspect", "own.py")
    assert "atlas-perf.toml:2" in used.stdout
    assert used.stderr == ""
    assert "profile" not in atlas_perf("inspect", "api", "-d", "1s").stderr


@pytest.mark.parametrize("profile", ["smoke", "load", "stress", "spike", "soak"])
def test_every_profile_goes_with_every_shipped_scenario(project, atlas_perf, profile) -> None:
    told = atlas_perf("inspect", "all", "--profile", profile)
    assert told.exit_code == 0, told.stderr
    left_out = "threshold 'active_ws_connections: max>50 over steady' is left out" in told.stderr
    kept = "active_ws_connections: max>50 over steady" in told.stdout
    assert (left_out, kept) == ((False, True) if profile == "soak" else (True, False))


def test_a_criterion_of_the_command_line_is_about_the_load_that_it_asks_for(
    project, atlas_perf
) -> None:
    asked = ("--profile", "spike", "--threshold", "http_reqs=count>1 over steady")
    assert "the plan has no steady" in atlas_perf("inspect", "api", *asked).stderr
    same = ("--profile", "spike", "--threshold", "active_ws_connections=max>50 over steady")
    assert "the plan has no steady" in atlas_perf("inspect", "websocket", *same).stderr


def test_at_60_columns_a_place_stands_below_what_leaves_no_room_for_it(
    project, atlas_perf, monkeypatch
) -> None:
    monkeypatch.setattr("atlas_perf.cli.inspect.report_width", lambda: 60)
    told = atlas_perf("inspect", "a2a").stdout.splitlines()
    criterion = told.index("    http_req_duration{operation:execute}: p(95)<2000")
    assert re.search(r"a2a\.py:\d+$", told[criterion + 1])
    assert max(map(len, told)) <= 69  # the line that says where the embedded target is


def test_it_takes_every_option_of_run() -> None:
    ours = {text for option in inspect.params for text in option.opts}
    assert {text for option in run.params for text in option.opts} == ours - {"--json"}
