"""`atlas-perf.toml` and its variables: what is found, what is refused, and that all of it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas_perf.cli.safety_limits import Limits, limits_around
from atlas_perf.errors import UsageError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "load" / "shop").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "load")
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "atlas-perf.toml").write_text(text)


def test_the_nearest_file_above_each_folder_counts(project: Path) -> None:
    write(project, 'allowed_hosts = ["*.example", "10.0.0.0/8"]\nmax_rate_per_s = 2.5\n')
    assert limits_around([Path.cwd()], {}) == (
        Limits("../atlas-perf.toml", ("*.example", "10.0.0.0/8"), 2.5, None),
    )
    write(project / "load" / "shop", "max_vus = 7\n")
    here, there = limits_around([Path.cwd(), Path("shop")], {})
    assert (here.place, there) == ("../atlas-perf.toml", Limits("shop/atlas-perf.toml", max_vus=7))


def test_one_file_is_read_once(project: Path) -> None:
    write(project, "max_vus = 7\n")
    assert len(limits_around([Path.cwd(), Path("shop")], {})) == 1


def test_variables_are_limits_too(project: Path) -> None:
    variables = {
        "ATLAS_PERF_ALLOWED_HOSTS": "localhost, *.example",
        "ATLAS_PERF_MAX_RATE_PER_S": "1e3",
        "ATLAS_PERF_MAX_VUS": "20",
    }
    assert limits_around([], variables) == (
        Limits("ATLAS_PERF_ALLOWED_HOSTS", ("localhost", "*.example")),
        Limits("ATLAS_PERF_MAX_RATE_PER_S", max_rate_per_s=1000.0),
        Limits("ATLAS_PERF_MAX_VUS", max_vus=20),
    )
    assert limits_around([], {"ATLAS_PERF_MAX_VUS": " "}) == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("max_vus = ", "../atlas-perf.toml: is not TOML: "),
        ("max_vuz = 3", "../atlas-perf.toml: there is no key 'max_vuz': did you mean 'max_vus'?"),
        ("max_vus = 0", "../atlas-perf.toml: max_vus must be a whole number of 1 or more, not 0"),
        ("max_vus = true", "../atlas-perf.toml: max_vus must be a whole number"),
        ("max_vus = 2.0", "../atlas-perf.toml: max_vus must be a whole number"),
        ("max_rate_per_s = 0", "../atlas-perf.toml: max_rate_per_s must be a number above 0"),
        ("max_rate_per_s = nan", "../atlas-perf.toml: max_rate_per_s must be a number above 0"),
        ("allowed_hosts = 'a'", "../atlas-perf.toml: allowed_hosts must be a list of hosts"),
        ("allowed_hosts = [1]", "../atlas-perf.toml: allowed_hosts must be a list of hosts"),
        ("allowed_hosts = ['a:80']", "../atlas-perf.toml: allowed_hosts is wrong: 'a:80' is no"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(project: Path, text, sentence) -> None:
    write(project, text)
    with pytest.raises(UsageError) as refused:
        limits_around([Path.cwd()], {})
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ATLAS_PERF_MAX_VUS", "many"),
        ("ATLAS_PERF_MAX_VUS", "2.5"),
        ("ATLAS_PERF_MAX_RATE_PER_S", "-1"),
        ("ATLAS_PERF_ALLOWED_HOSTS", "a,,b"),
    ],
)
def test_a_variable_that_cannot_be_used_is_refused(name, text) -> None:
    with pytest.raises(UsageError) as refused:
        limits_around([], {name: text})
    assert str(refused.value).startswith(name)
