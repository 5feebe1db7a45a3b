"""What is refused before the first request: other hosts, too many users, production unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

SCENARIO = """
options = {"vus": 6, "duration": "1s", "hosts": HOSTS}


async def default(vu):
    await vu.http.get("/")
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.py").write_text(SCENARIO.replace("HOSTS", "{}"))
    (tmp_path / "mapped.py").write_text(
        SCENARIO.replace("HOSTS", '{"api.staging.example": "203.0.113.9:8080"}')
    )
    (tmp_path / "atlas-perf.toml").write_text(
        'allowed_hosts = ["*.staging.example", "127.0.0.1"]\nmax_vus = 10\nmax_rate_per_s = 1e6\n'
    )
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["run", "shop.py", "-e", "BASE_URL=https://api.example"],
            "shop: api.example is not in allowed_hosts of atlas-perf.toml (*.staging.example, "
            "127.0.0.1): load another target, or add the host there",
        ),
        (
            ["run", "mapped.py", "-e", "BASE_URL=https://api.staging.example"],
            "mapped: 203.0.113.9 is not in allowed_hosts of atlas-perf.toml",
        ),
        (
            ["run", "shop.py", "-u", "11", "-d", "1s", "-e", "BASE_URL=http://127.0.0.1:9"],
            "shop: 11 virtual users are more than max_vus = 10 of atlas-perf.toml allows",
        ),
        (["bench", "http://api.example/"], "bench: api.example is not in allowed_hosts"),
        (["bench", "http://127.0.0.1:9/"], "bench: 50 virtual users are more than max_vus = 10"),
        (
            ["doctor", "shop.py", "-e", "BASE_URL=https://api.example"],
            "shop: api.example is not in allowed_hosts",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_beyond_a_limit_nothing_is_sent(atlas_perf, project, arguments, sentence) -> None:
    refused = atlas_perf(*arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"atlas-perf: {sentence}")
    assert not (project / "results").exists()


@pytest.mark.parametrize(
    ("rates", "refused_for"),
    [
        ('"executor": "constant-arrival-rate", "rate": 301, "timeUnit": "1m"', "5.01667"),
        ('"executor": "constant-arrival-rate", "rate": 300, "timeUnit": "1m"', None),
        (
            '"executor": "ramping-arrival-rate", "startRate": 1, "stages": '
            '[{"duration": "1s", "target": 6}, {"duration": "1s", "target": 0}]',
            "6",
        ),
    ],
)
def test_a_planned_rate_above_the_ceiling_is_refused(
    atlas_perf, project, rates, refused_for
) -> None:
    duration = '"duration": "1s", ' if "constant" in rates else ""
    source = SCENARIO.replace(
        '"vus": 6, "duration": "1s"',
        f'"scenarios": {{"s": {{{rates}, {duration}"preAllocatedVUs": 1}}}}',
    )
    (project / "shop.py").write_text(source.replace("HOSTS", "{}"))
    (project / "atlas-perf.toml").write_text("max_rate_per_s = 5\n")
    found = atlas_perf("doctor", "shop.py")
    if refused_for is None:
        assert found.exit_code == 0, found.stderr
    else:
        assert found.exit_code == 2
        assert (
            f"shop: scenario 's' begins up to {refused_for} iterations a second, more than "
            "max_rate_per_s = 5 of atlas-perf.toml allows"
        ) in found.stderr


TWO_RATES = """
options = {
    "scenarios": {
        "browse": {
            "executor": "constant-arrival-rate", "rate": 3, "duration": "20s",
            "preAllocatedVUs": 1,
        },
        "buy": {
            "executor": "ramping-arrival-rate", "startTime": START, "preAllocatedVUs": 1,
            "stages": [{"duration": "10s", "target": 4}],
        },
        "closed": {"executor": "constant-vus", "vus": 2, "duration": "60s"},
    },
}


async def default(vu):
    await vu.http.get("/")
"""


@pytest.mark.parametrize(
    ("start", "refused_for"),
    [('"0s"', "7"), ('"15s"', "5"), ('"20s"', None)],
)
def test_rates_of_scenarios_that_run_together_add_up(
    atlas_perf, project, start, refused_for
) -> None:
    (project / "shop.py").write_text(TWO_RATES.replace("START", start))
    (project / "atlas-perf.toml").write_text("max_rate_per_s = 4.5\n")
    found = atlas_perf("doctor", "shop.py")
    if refused_for is None:
        assert found.exit_code == 0, found.stderr
    else:
        at = "10.0s" if start == '"0s"' else "20.0s"
        assert found.exit_code == 2
        assert (
            f"shop: scenarios 'browse' and 'buy' together, {at} after the start, begin up to "
            f"{refused_for} iterations a second, more than max_rate_per_s = 4.5 of atlas-perf.toml"
        ) in found.stderr


def test_a_variable_narrows_what_the_file_allows(atlas_perf, monkeypatch) -> None:
    monkeypatch.setenv("ATLAS_PERF_MAX_VUS", "5")
    refused = atlas_perf("run", "shop.py", "-e", "BASE_URL=http://127.0.0.1:9")
    assert "6 virtual users are more than max_vus = 5 of ATLAS_PERF_MAX_VUS" in refused.stderr


def test_a_wrong_file_is_refused(atlas_perf, project) -> None:
    (project / "atlas-perf.toml").write_text("max_users = 3\n")
    refused = atlas_perf("run", "shop.py")
    assert refused.exit_code == 2
    assert "atlas-perf.toml: there is no key 'max_users'" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "shop.py", "--environment", "production"], "environment 'production'"),
        (["run", "shop.py", "--environment", "production", "-e", "BASE_URL=http://a"], "'produc"),
        (["run", "shop.py", "-e", "BASE_URL=https://Shop.example/x"], "shop.example is the host"),
        (["bench", "https://shop.example/"], "shop.example is the host of PRODUCTION_URL"),
    ],
)
def test_production_wants_its_flag(atlas_perf, monkeypatch, arguments, words) -> None:
    monkeypatch.setenv("PRODUCTION_URL", "https://shop.example")
    refused = atlas_perf(*arguments)
    assert refused.exit_code == 2
    assert words in refused.stderr
    assert "only with --allow-production" in refused.stderr
    asked = atlas_perf(*arguments, "--allow-production")
    assert "is not in allowed_hosts" in asked.stderr  # and so the other limits hold


def test_production_can_be_looked_at_by_the_doctor(atlas_perf, monkeypatch, project) -> None:
    monkeypatch.setenv("PRODUCTION_URL", "http://127.0.0.1:9")
    assert atlas_perf("doctor", "shop.py", "--environment", "production").exit_code == 0
