"""A file of samples that was asked for and is not whole takes a PASS away."""

from __future__ import annotations

from pathlib import Path

import pytest

SCENARIO = """
options = {"vus": 1, "iterations": 3}


async def default(vu):
    vu.check(1, {"one": lambda one: one == 1})
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_under_the_samples_makes_the_run_invalid(run_scenario, tmp_path) -> None:
    assert run_scenario(SCENARIO, "--out", "json=samples.json").exit_code == 0

    (tmp_path / "full.json").symlink_to("/dev/full")
    run = run_scenario(SCENARIO, "--out", "json=full.json")
    assert run.exit_code == 3, run.stdout + run.stderr
    assert run.summary["verdict"] == "INVALID"
    (sentence,) = [one for one in run.summary["reasons"] if "--out json" in one]
    assert sentence == run.summary["reasons"][0]
    assert (
        "full.json cannot be written: No space left on device: the file is incomplete" in sentence
    )
    assert run.summary["metrics"]["iterations"]["values"]["count"] == 3  # it went on to its end
