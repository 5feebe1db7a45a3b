"""Relative URLs and no BASE_URL: a mistake of the command that no whole load is spent on."""

from __future__ import annotations

import pytest

SCENARIO = """
options = {"vus": 3, "duration": "10m"}


async def teardown(vu, data):
    open("torn_down", "w").close()


async def default(vu):
    await REQUEST
    await vu.sleep(0.01)
"""


@pytest.mark.parametrize(
    ("request_code", "variables"),
    [
        ('vu.http.get("/q")', "set BASE_URL "),
        ('vu.http.get("/q", params={"a": 1})', "set BASE_URL "),
        ('vu.ws.connect("/live")', "set WS_URL or BASE_URL "),
    ],
)
def test_the_first_relative_url_without_a_base_ends_the_run(
    run_scenario, tmp_path, request_code, variables
) -> None:
    run = run_scenario(SCENARIO.replace("REQUEST", request_code), "-p", "2", "-e", "BASE_URL=")
    assert run.exit_code == 2, run.stdout + run.stderr
    assert "relative URL has no base" in run.stderr, run.stderr
    (sentence,) = [line for line in run.stderr.splitlines() if "relative URL has no base" in line]
    assert ".py:10: " in sentence
    assert variables in sentence
    assert "--environment" in sentence
    assert "Traceback" not in run.stderr
    assert (tmp_path / "torn_down").exists()
