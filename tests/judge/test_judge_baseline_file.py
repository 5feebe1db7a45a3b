"""Baseline files: the shipped one, and one sentence for each mistake."""

from __future__ import annotations

import pytest

from atlas_perf.errors import PlanError
from atlas_perf.judge.baselines.reading import baselines_from_text, read_baselines
from atlas_perf.loader import shipped_baselines

ROW = """
[[baseline]]
component = "API"
name = "p95 latency"
scenario = "api"
metric = "http_req_duration"
aggregation = "p(95)"
limit = "< 500"
unit = "ms"
phase = "steady"
minimum_samples = 100
"""
FILE = f"version = 1\n{ROW}"

CONTRACT = {
    "API p95 latency": ("< 500", "ms", ("api",)),
    "API p99 latency": ("< 1000", "ms", ("api",)),
    "API error rate": ("< 0.01", "", ("api", "a2a")),
    "API throughput": ("> 100", "per_s", ("api",)),
    "AI p95 latency": ("< 2000", "ms", ("api",)),
    "AI p99 latency": ("< 5000", "ms", ("api",)),
    "AI success rate": ("> 0.99", "", ("api",)),
    "A2A task submission p95": ("< 500", "ms", ("a2a",)),
    "A2A task execution p95": ("< 2000", "ms", ("a2a",)),
    "A2A completion rate": ("> 0.95", "", ("a2a",)),
    "A2A throughput": ("> 50", "per_s", ("a2a",)),
    "WebSocket connection p95": ("< 1000", "ms", ("websocket",)),
    "WebSocket message latency p95": ("< 100", "ms", ("websocket",)),
    "WebSocket concurrent connections": ("> 50", "", ("websocket",)),
    "WebSocket stability": ("< 0.01", "", ("websocket",)),
    "WebSocket reconnection p95": ("< 3000", "ms", ("websocket",)),
}


def test_the_shipped_file_holds_the_contract():
    shipped = read_baselines(shipped_baselines(), shown="shipped")
    found = {
        row.title: (row.expression.partition(" over ")[0].split(" ", 1)[1], row.unit, row.scenarios)
        for row in shipped.rows
    }
    assert found == CONTRACT


def test_a_row_without_a_phase_is_about_the_whole_run():
    (row,) = baselines_from_text(FILE.replace('phase = "steady"\n', ""), "b.toml").rows
    assert row.expression == "p(95) < 500"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "b.toml: a baseline file says which version it has: write version = 1"),
        ("version = ", "b.toml: this is not TOML: "),
        ("version = 1", "b.toml: there is no baseline: write a table [[baseline]] for each"),
        (FILE.replace("= 1\n", "= 2\n", 1), "reads version 1: upgrade atlas-perf"),
        (FILE.replace("= 1\n", "= 0\n", 1), "reads version 1: write version = 1"),
        (FILE.replace("version", "versoin"), "b.toml: a baseline file says which version it has"),
        ("colour = 1\n" + FILE, "b.toml: there is no key 'colour'"),
        (
            FILE.replace("phase", "fase"),
            "b.toml, row 1 (API p95 latency): there is no key 'fase': did you mean 'phase'?",
        ),
        (FILE.replace('unit = "ms"\n', ""), "row 1 (API p95 latency): unit is missing"),
        (FILE.replace('"ms"', '"s"'), "row 1 (API p95 latency): there is no unit 's'"),
        (FILE.replace('"p(95)"', "95"), "aggregation should be a text, not 95"),
        (FILE.replace('"p(95)"', '"p95"'), "write p(95)"),
        (FILE.replace('"< 500"', '"500"'), "has no operator"),
        (FILE.replace('"< 500"', '"== 500"'), "needs one of < <= > >="),
        (FILE.replace('"< 500"', '"< 500 in any 30s"'), "leave 'in any' out"),
        (FILE.replace('"steady"', '"stedy"'), "there is no phase 'stedy'"),
        (FILE.replace('"http_req_duration"', '"http_req_duration{}"'), "has empty braces"),
        (FILE.replace('"api"', "[]"), "scenario should be a name or a list of names, not []"),
        (FILE.replace("= 100", "= -1"), "minimum_samples should be a whole number from 0, not -1"),
        (FILE + ROW, "row 2 (API p95 latency): 'API p95 latency' is the name of b.toml, row 1"),
    ],
)
def test_each_mistake_is_one_sentence_with_its_place(text, sentence):
    with pytest.raises(PlanError) as error:
        baselines_from_text(text, "b.toml")
    assert sentence in str(error.value)
    assert str(error.value).startswith("b.toml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PlanError, match=r"none\.toml: the baselines cannot be read: No such file"):
        read_baselines(tmp_path / "none.toml")
