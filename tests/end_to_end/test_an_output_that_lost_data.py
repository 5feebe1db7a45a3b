"""A file that is not whole takes a PASS away; a receiver that is not there does not."""

from __future__ import annotations

import socket
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


def test_receivers_that_are_not_there_are_a_warning_and_nobody_sees_what_signs(
    run_scenario, tmp_path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    dead = f"me:hunter2-password@127.0.0.1:{port}"
    outputs = ("prometheus-rw", "opentelemetry", "influxdb")
    run = run_scenario(
        SCENARIO,
        *(
            word
            for kind in outputs
            for word in ("--out", f"{kind}=http://{dead}/x?key=hunter2-too")
        ),
        *("--out", "influxdb=run.lp", "--out", "csv=run.csv.gz"),
    )
    assert run.exit_code == 0, run.stdout + run.stderr
    told = {one["name"]: one for one in run.summary["outputs"]}
    assert told["influxdb=run.lp"]["complete"]
    assert told["csv=run.csv.gz"]["complete"]
    for kind in outputs:
        one = told[f"{kind}=http://127.0.0.1:{port}/x"]
        assert (one["complete"], one["lost_seconds"]) == (False, one["seconds"])
        warning = f"Warning: {one['note']}"
        assert warning in run.summary["reasons"]
        assert "were lost: Connection refused." in warning
    everything = [run.stdout, run.stderr]
    everything += [file.read_text(errors="replace") for file in run.results.iterdir()]
    assert not any("hunter2" in text for text in everything)
