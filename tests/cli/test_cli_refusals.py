"""Everything wrong that is known before load: one sentence, exit code 2, no traceback."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

GOOD = "options = {}\n\n\nasync def default(vu):\n    pass\n"

FILES = {
    "good.py": GOOD,
    "syntax.py": "async def default(vu:\n    pass\n",
    "import_fails.py": "import no_such_module\n" + GOOD,
    "raises.py": "raise RuntimeError('at import')\n" + GOOD,
    "no_default.py": "options = {}\n",
    "plain_default.py": "def default(vu):\n    pass\n",
    "unknown_option.py": GOOD.replace("{}", "{'vuss': 3}"),
    "wrong_option.py": GOOD.replace("{}", "{'vus': 'three'}"),
    "no_rows.py": "import atlas_perf\n\nrows = atlas_perf.feed('rows.csv')\n" + GOOD,
    "ragged_rows.py": "import atlas_perf\nrows = atlas_perf.feed('ragged.csv')\n" + GOOD,
    "ragged.csv": "a,b\n1,2\n\n3\n",
    "endless.py": GOOD.replace("{}", "{'vus': 3, 'iterations': 10**30}"),
    "bad_threshold.py": GOOD.replace("{}", "{'thresholds': {'http_reqs': ['p95<3']}}"),
}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "a_file").touch()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["syntax.py"], ["syntax.py:1"]),
        (["import_fails.py"], ["import_fails.py:1", "no_such_module"]),
        (["raises.py"], ["raises.py:1", "at import"]),
        (["no_default.py"], ["no_default.py", "default"]),
        (["plain_default.py"], ["plain_default.py:1", "async"]),
        (["unknown_option.py"], ["unknown_option.py:1", "vuss", "vus"]),
        (["wrong_option.py"], ["wrong_option.py:1", "three"]),
        (["no_rows.py"], ["no_rows.py:3: rows.csv: cannot be read: No such file"]),
        (["ragged_rows.py"], ["ragged_rows.py:2: ragged.csv:4: has 1 field", "names 2"]),
        (["bad_threshold.py"], ["p95<3"]),
        (["missing.py"], ["missing.py"]),
        (["good.py", "-d", "30"], ["30s"]),
        (["good.py", "-u", "0"], ["--vus"]),
        (["good.py", "-u", "2000000000"], ["2000000000", "1000000"]),
        (["good.py", "-s", "1s:9", "--vus-scale", "1000000"], ["9000000", "1000000"]),
        (["good.py", "-d", "999999999h"], ["--duration", "longer than 100 years"]),
        (["good.py", "-d", "1s", "--duration-scale", "1e30"], ["longer than 30 days"]),
        (["good.py", "-d", "721h"], ["longer than 30 days"]),
        (["good.py", "-i", "9" * 30], ["--iterations", "1,000,000,000,000,000"]),
        (["good.py", "--seed", "9" * 30], ["--seed"]),
        (["good.py", "-s", f"1s:{'9' * 30}"], ["1,000,000,000,000,000"]),
        (["good.py", "-d", "1s", "--rate", "9000000", "-u", "9", "-p", "2"], ["2,000,000"]),
        (["good.py", "-d", "1s", "--rate", "5", "--vus-scale", "1e-30"], ["100 years"]),
        (["endless.py"], ["endless.py:1: `iterations` must be at most 1,000,000,000,000,000"]),
        (["good.py", "-u", "2000", "-p", "1000"], ["--processes 1000", "auto"]),
        (["good.py", "--environment", "stagging"], ["did you mean 'staging'?"]),
        (["good.py", "-q"], ["did you mean '--quiet'?"]),
        (["good.py", "--out", "json=/dev/stdout"], ["/dev/stdout", "file of its own"]),
        (["good.py", "--out", "json=-"], ["file of its own"]),
        (["good.py", "-i", "-5"], ["--iterations"]),
        (["smoke", "--fault", "latncy:1s"], ["there is no kind 'latncy'; there are latency"]),
        (
            ["good.py", "--fault", "hang"],
            ["good.py runs against another"],
        ),
        (["smoke", "-e", "BASE_URL=http://h", "--fault", "hang"], ["for the embedded target"]),
        (["good.py", "-s", "10"], ["30s:10"]),
        (["good.py", "-i", "3", "-s", "1s:1"], ["--stage"]),
        (["good.py", "-p", "many"], ["auto"]),
        (["good.py", "--threshold", "http_reqz=count>1"], ["http_reqz", "http_reqs"]),
        (["good.py", "--threshold", "http_reqs=p(95)<1"], ["http_reqs", "p(95)"]),
        (["good.py", "--threshold", "p(95)<1"], ["METRIC=EXPRESSION"]),
        (["good.py", "--environment", "staging"], ["LOAD_TEST_URL", "STAGING_URL"]),
        (["good.py", "--environment", "production"], ["PRODUCTION_URL"]),
        (["good.py", "-e", "BASE_URL=here"], ["BASE_URL", "http://"]),
        (["good.py", "-e", "NAME"], ["NAME=VALUE"]),
        (["good.py", "--out", "kafka=x"], ["kafka", "json"]),
        (["good.py", "--out", "json=no/such/folder/x"], ["no/such/folder"]),
        (["good.py", "--results-dir", "a_file"], ["a_file", "--results-dir"]),
        (["good.py", "--results-dir", "/proc/results"], ["/proc/results"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_one_sentence_and_no_traceback(
    atlas_perf, arguments: list[str], words: list[str], tmp_path: Path
) -> None:
    refused = atlas_perf("run", *arguments)
    assert refused.exit_code == 2, refused.stderr
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert line.startswith("atlas-perf: ")
    assert [word for word in words if word not in line] == [], line
    assert not list(tmp_path.glob("results/*/load-performance.json"))


def test_a_bench_that_no_machine_can_keep_up_with_is_refused(atlas_perf) -> None:
    refused = atlas_perf("bench", "http://127.0.0.1:9", "--rate", "999999999999", "-d", "1s")
    assert refused.exit_code == 2
    (line,) = refused.stderr.splitlines()
    assert "999,999,999,999 iterations a second" in line


def test_a_port_in_use_is_one_sentence(atlas_perf) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = atlas_perf("target", "--port", port)
    assert refused.exit_code == 2
    (line,) = refused.stderr.splitlines()
    assert port in line
    assert "--port" in line


def test_an_address_other_machines_reach_is_warned_about(atlas_perf) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = atlas_perf("target", "--host", "0.0.0.0", "--port", port)
    warning, _ = refused.stderr.splitlines()
    assert warning.startswith("warning: 0.0.0.0 can be reached from other machines")
