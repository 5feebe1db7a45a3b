"""`analyze` and `compare` on files of k6: verdicts, sentences, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_k6 import handle_summary, machine_readable, ndjson, rows, run_of, summary_export

P95 = ("http_req_duration", "p(95) < 500", "ms", "")
STEADY = ("http_req_duration", "p(95) < 500", "ms", "steady")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("rows.toml").write_text(rows(P95))
    Path("steady.toml").write_text(rows(STEADY))
    return tmp_path


def put(name: str, plain: dict) -> str:
    Path(name).write_text(json.dumps(plain))
    return name


def crossed() -> dict:
    plain = summary_export()
    plain["metrics"]["http_req_duration"]["thresholds"] = {"p(95)<5": True}
    return plain


def last_line(outcome) -> str:
    return outcome.stdout.splitlines()[-1].strip() if outcome.stdout else ""


ANALYSED = {
    "samples": (lambda: ndjson(Path("run.json.gz"), run_of(10)), (), 0, "1 of 1 rows held"),
    "named": (lambda: put("k.json", handle_summary()), ("run=k.json",), 0, "1 of 1 rows held"),
    "slow": (lambda: put("run.json", handle_summary(600.0)), ("run.json",), 1, "breaks the limit"),
    "crossed": (lambda: put("run.json", crossed()), ("run.json",), 1, "p(95)<5 was crossed with"),
    "newer": (lambda: put("run.json", machine_readable()), ("run.json",), 0, "1 of 1 rows held"),
    "phase": (
        lambda: put("run.json", handle_summary()),
        ("run.json", "--baselines", "steady.toml"),
        4,
        "say with --k6-steady all",
    ),
    "told phase": (
        lambda: put("run.json", handle_summary()),
        ("run.json", "--baselines", "steady.toml", "--k6-steady", "all"),
        0,
        "1 of 1 rows held",
    ),
    "half": (
        lambda: Path("run.json").write_text(json.dumps(handle_summary())[:-9]),
        ("run.json",),
        3,
        "run.json is no JSON, or only the begin of some",
    ),
    "empty": (lambda: Path("run.json").write_text(""), ("run.json",), 3, "run.json is empty"),
    "nothing": (
        lambda: ndjson(Path("run.json"), run_of(0)),
        ("run.json",),
        4,
        "holds no sample of the load",
    ),
    "of another": (
        lambda: put("other.json", handle_summary()),
        ("other.json",),
        4,
        "has no baseline for 'other'",
    ),
    "nowhere": (lambda: None, ("run=gone.json",), 2, "there is no results folder gone.json"),
    "a folder": (lambda: Path("d").mkdir(), ("run=d",), 2, "d is no file: NAME=FILE"),
    "a part of it": (
        lambda: ndjson(Path("run.json"), run_of(5)),
        ("run.json", "--k6-steady", "1s-9s"),
        2,
        "--k6-steady 1s-9s ends behind the run",
    ),
    "no part": (
        lambda: None,
        ("run.json", "--k6-steady", "9s"),
        2,
        "'9s' is no part of a run: write its begin and end",
    ),
}


@pytest.mark.parametrize("case", ANALYSED)
def test_analyze_reads_files_of_k6(atlas_perf, case: str) -> None:
    make, given, code, sentence = ANALYSED[case]
    made = make()
    words = given or (str(made),)
    options = () if "--baselines" in words else ("--baselines", "rows.toml")
    outcome = atlas_perf("analyze", *words, *options)
    assert outcome.exit_code == code, outcome.stdout + outcome.stderr
    assert sentence in " ".join((outcome.stdout + outcome.stderr).split())
    assert "Traceback" not in outcome.stderr


def test_several_files_are_judged_together(atlas_perf) -> None:
    second = rows(P95, scenario="api").replace("version = 1\n", "").replace("row 0", "row 1")
    Path("two.toml").write_text(rows(P95) + second)
    ndjson(Path("run.json"), run_of(10))
    put("api.json", handle_summary(900.0))
    outcome = atlas_perf("analyze", "run.json", "api.json", "--baselines", "two.toml")
    assert (outcome.exit_code, last_line(outcome)) == (
        1,
        "✗ FAIL  1 of 2 rows failed · exit code 1",
    )


def sides(write, *scales: float) -> list[str]:
    bases = [write(f"b{n}.json", 1 + n / 500) for n in range(len(scales))]
    candidates = [write(f"c{n}.json", scale) for n, scale in enumerate(scales)]
    return [*bases, *(word for one in candidates for word in ("-c", one))]


def of_samples(name: str, scale: float) -> str:
    return str(ndjson(Path(name), run_of(66, took_ms=20.0 * scale)))


def of_summary(name: str, scale: float) -> str:
    return put(name, handle_summary(40.0 * scale))


@pytest.mark.parametrize("write", [of_samples, of_summary])
@pytest.mark.parametrize(
    ("scales", "word", "code"),
    [
        ((1.2, 1.21, 1.22), "✗ FAIL", 1),
        ((1.0, 1.001, 1.002), "✓ PASS", 0),
        ((1.0, 1.2, 1.1), "? INCONCLUSIVE", 0),
    ],
)
def test_compare_has_a_verdict_on_pairs(atlas_perf, write, scales, word, code) -> None:
    primary = ("--primary", "http_req_duration p(95)")
    outcome = atlas_perf("compare", *sides(write, *scales), *primary)
    assert (outcome.exit_code, last_line(outcome)[: len(word)]) == (code, word), outcome.stderr
    assert "k6's files do not tell script, machine, version" in outcome.stderr


def test_one_file_of_samples_each_has_windows(atlas_perf) -> None:
    base = str(ndjson(Path("base.gz"), run_of(126, per_s=25)))
    new = str(ndjson(Path("new.gz"), run_of(126, per_s=25, slower=1.5)))
    outcome = atlas_perf("compare", base, new, "--json")
    found = {
        (one["selector"], one["statistic"]): one for one in json.loads(outcome.stdout)["metrics"]
    }
    judged = found["http_req_duration", "p(95)"]
    assert judged["finding"] == "regressed"
    assert judged["change"] == pytest.approx(0.5, abs=0.01)
    assert judged["lower"] > 0.3
    endpoint = "http_req_duration{method:GET,name:list,scenario:default}"
    assert (endpoint, "p(95)") in found


def test_one_summary_each_says_what_to_give(atlas_perf) -> None:
    outcome = atlas_perf("compare", of_summary("a.json", 1.0), of_summary("b.json", 2.0))
    assert "a summary of k6 has no windows: compare files of its --out json" in outcome.stdout
    assert last_line(outcome) == "? INCONCLUSIVE  advice only"


def test_a_percentile_that_summaries_lack_is_no_data(atlas_perf) -> None:
    given = (*sides(of_summary, 1, 1, 1), "--primary", "http_req_duration p(99)")
    outcome = atlas_perf("compare", *given)
    assert outcome.exit_code == 4
    assert "has no p(99) of it: give k6 --summary-trend-stats" in " ".join(outcome.stdout.split())


def test_summaries_without_counts_are_no_data(atlas_perf) -> None:
    def write(name: str, scale: float) -> str:
        return put(name, handle_summary(40.0 * scale, count=None))

    outcome = atlas_perf("compare", *sides(write, 1, 1, 1), "--primary", "ai_latency p(95)")
    assert outcome.exit_code == 4
    assert "does not say of how many samples it is" in " ".join(outcome.stdout.split())


def changed(**values: float) -> dict:
    plain = handle_summary()
    if "vus" in values:
        plain["metrics"]["vus_max"]["values"]["max"] = values["vus"]
        plain["metrics"]["vus_max"]["values"]["value"] = values["vus"]
    plain["state"]["testRunDurationMs"] = values.get("length_ms", 60_000.0)
    return plain


def scripted(text: str) -> dict:
    plain = machine_readable()
    plain["config"]["script"] = text
    return plain


UNLIKE = {
    "kinds": (handle_summary, summary_export, "the kind of file, k6 handleSummary and k6 --summ"),
    "users": (handle_summary, lambda: changed(vus=8), "virtual users, 4 and 8 at most"),
    "length": (handle_summary, lambda: changed(length_ms=70_000.0), "length, 60.0 s and 70.0 s"),
    "script": (machine_readable, lambda: scripted("another"), "script (SHA-256)"),
}


@pytest.mark.parametrize("case", UNLIKE)
def test_unlike_runs_are_refused(atlas_perf, case: str) -> None:
    one, other, sentence = UNLIKE[case]
    outcome = atlas_perf("compare", put("a.json", one()), put("b.json", other()))
    assert outcome.exit_code == 3
    assert f"a.json and b.json cannot be compared: they differ in {sentence}" in outcome.stderr


def test_other_scenarios_are_refused(atlas_perf) -> None:
    a = str(ndjson(Path("a.json"), _with_iterations("buy")))
    b = str(ndjson(Path("b.json"), _with_iterations("sell")))
    outcome = atlas_perf("compare", a, b)
    assert outcome.exit_code == 3
    assert "they differ in scenarios, buy and sell" in outcome.stderr


def _with_iterations(scenario: str) -> list[str]:
    lines = [one.replace("iterations", "iteration_duration") for one in run_of(5)]
    lines = [one.replace('"counter"', '"trend"', 1) for one in lines if "iteration_dur" in one]
    return [
        one.replace('"contains":"default"', '"contains":"time"').replace(
            '"scenario":"default"', f'"scenario":"{scenario}"'
        )
        for one in lines
    ][1:]


def test_runs_that_prove_nothing_are_refused(atlas_perf) -> None:
    plain = handle_summary()
    plain["metrics"]["dropped_iterations"] = {
        "type": "counter",
        "contains": "default",
        "values": {"count": 400, "rate": 1},
    }
    outcome = atlas_perf("compare", put("a.json", handle_summary()), put("b.json", plain))
    assert outcome.exit_code == 3
    assert "the candidate b.json cannot be compared: it is INVALID: k6 never sta" in outcome.stderr


def test_a_torn_base_and_none_at_all(atlas_perf) -> None:
    Path("torn.json").write_text("{")
    good = put("a.json", handle_summary())
    assert atlas_perf("compare", "torn.json", good).exit_code == 3
    assert atlas_perf("compare", "gone.json", good).exit_code == 4
    assert atlas_perf("compare", good, "gone.json").exit_code == 2
