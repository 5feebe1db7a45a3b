"""Whoever mistypes learns what was meant."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["rnu", "api"], "'run'"),
        (["targt"], "'target'"),
        (["--versoin"], "'--version'"),
        (["run", "--vsu", "3"], "'--vus'"),
        (["run", "--treshold", "checks=rate>0"], "'--threshold'"),
        (["run", "--durationscale=2"], "'--duration-scale'"),
        (["target", "--prot", "1"], "'--port'"),
        (["run", "smok"], "'smoke'"),
        (["run", "API"], "'api'"),
        (["run", "--out", "jsn=x", "smoke"], "'json'"),
        (["run", "--environment", "stagging"], "staging"),
        (["run", "--environment", "prod"], "did you mean 'production'?"),
        (["completion", "zs"], "did you mean 'zsh'?"),
        (["run", "-e"], "-e needs a value: write -e NAME=VALUE"),
        (["run", "smoke", "--duration"], "--duration needs a value: write --duration TIME"),
        (["completion"], "missing argument '{bash|zsh|fish}' (see"),
        (["find-capacity"], "missing option '--slo' (see"),
        (["run", "-u", "ten"], "'ten' is not a whole number of 1 or more"),
        (["api"], "'atlas-perf run api'"),
        (["mine.py"], "'atlas-perf run mine.py'"),
    ],
)
def test_the_nearest_name_is_offered(atlas_perf, arguments: list[str], meant: str) -> None:
    refused = atlas_perf(*arguments)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert meant in line


def test_what_resembles_nothing_is_refused_without_a_guess(atlas_perf) -> None:
    refused = atlas_perf("run", "--zzzzzz")
    assert refused.exit_code == 2
    assert "did you mean" not in refused.stderr
    assert "no such option '--zzzzzz'" in refused.stderr
