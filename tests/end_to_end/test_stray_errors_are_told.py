"""Mistakes that end no iteration are in the summary, with the line that made them."""

from __future__ import annotations

from counting_server import CountingServer, answer

SOURCE = """
import asyncio

options = {"vus": 2, "iterations": 6}


async def background(vu):
    me = asyncio.current_task()  # which holds its exception, which holds this frame
    await vu.http.get("/quick")
    raise ValueError("no such order")


async def default(vu):
    vu.http.get("/forgotten")
    asyncio.create_task(background(vu))
    await vu.sleep(0.05)
"""


def test_a_forgotten_await_and_a_failed_task(serve, run_scenario) -> None:
    server: CountingServer = serve(lambda method, path: answer(200))
    run = run_scenario(SOURCE, "-p", "2", base_url=server.url)
    assert server.received == {("GET", "/quick"): 6}
    found = {
        (one["kind"], one["line"], one["count"], one["scenario"], one["message"])
        for one in run.summary["exceptions"]
    }
    assert found == {
        (
            "NeverAwaited",
            14,
            6,
            "scenario",
            "the request GET /forgotten was never awaited, so it did not run",
        ),
        ("ValueError", 10, 6, "scenario", "no such order (in a task by itself)"),
    }
    assert "6 × NeverAwaited: the request GET /forgotten was never awaited" in run.stdout
    assert "scenario.py:14 in scenario scenario" in run.stdout
    assert run.summary["ledger"]["scenario"]["completed"] == 6
    assert (run.summary["verdict"], run.exit_code) == ("FAIL", 1)
    assert run.summary["reasons"][0].startswith(
        "forgotten_awaits: count was 6, which breaks the limit < 1. Look at "
    )
    assert "scenario.py:14, NeverAwaited: the request GET /forgotten" in run.summary["reasons"][0]


SETUP = """
options = {"vus": 1, "iterations": 2}


async def setup(vu):
    vu.http.post("/prepare")


async def default(vu, data):
    await vu.http.get("/quick")
"""


def test_an_await_that_setup_forgot_fails_the_run(serve, run_scenario) -> None:
    run = run_scenario(SETUP, "-p", "1", base_url=serve(lambda method, path: answer(200)).url)
    assert (run.summary["verdict"], run.exit_code) == ("FAIL", 1)
    assert run.metric("forgotten_awaits")["count"] == 1
    assert "scenario.py:6, NeverAwaited: the request POST /prepare" in run.summary["reasons"][0]


RAISES = """
options = {"vus": 1, "iterations": 200}


async def default(vu):
    kept = [vu.http.get("/a"), vu.http.get("/b")]
    if vu.iteration == 7:
        raise ValueError("no such order")
    for each in kept:
        await each
"""


def test_what_an_exception_kept_from_being_awaited_does_not_count(serve, run_scenario) -> None:
    run = run_scenario(RAISES, "-p", "1", base_url=serve(lambda method, path: answer(200)).url)
    assert (run.summary["verdict"], run.exit_code) == ("PASS", 0), run.stdout
    assert "forgotten_awaits" not in run.summary["metrics"]


CUT = """
options = {
    "scenarios": {
        "cut": {"executor": "constant-vus", "vus": 3, "duration": "1s", "gracefulStop": "0s"},
    },
    "defaultGates": False,
}


async def default(vu):
    kept = [vu.http.get(f"/{n}") for n in range(3)]
    for each in kept:
        await each
        await vu.sleep(60)
"""


def test_what_the_cut_kept_from_being_awaited_was_not_forgotten(serve, run_scenario) -> None:
    server: CountingServer = serve(lambda method, path: answer(200))
    run = run_scenario(CUT, "-p", "1", base_url=server.url)
    assert server.received == {("GET", "/0"): 3}
    assert run.summary["ledger"]["cut"]["interrupted"] == 3
    assert run.summary["exceptions"] == []
    assert "never awaited" not in run.stdout + run.stderr


TEARDOWN = """
import asyncio

options = {"vus": 1, "iterations": 2}


async def background(vu):
    me = asyncio.current_task()
    raise ValueError("no such order")


async def default(vu, data):
    await vu.http.get("/quick")


async def teardown(vu, data):
    asyncio.create_task(background(vu))
    for order in range(3):
        vu.http.delete(f"/orders/{order}")
    await vu.http.delete("/session")
"""


def test_what_teardown_forgot_counts_as_elsewhere(serve, run_scenario) -> None:
    server: CountingServer = serve(lambda method, path: answer(200))
    run = run_scenario(TEARDOWN, "-p", "2", base_url=server.url)
    assert ("DELETE", "/session") in server.received
    assert (run.summary["verdict"], run.exit_code) == ("FAIL", 1), run.stdout
    assert run.metric("forgotten_awaits")["count"] == 3
    assert "scenario.py:19, NeverAwaited: the request DELETE" in run.summary["reasons"][0]
    found = {
        (one["kind"], one["line"], one["count"], one["scenario"])
        for one in run.summary["exceptions"]
    }
    by_task = next(one[3] for one in found if one[0] == "ValueError")
    assert found == {("NeverAwaited", 19, 3, "teardown"), ("ValueError", 9, 1, by_task)}


RAISING_TEARDOWN = """
options = {"vus": 1, "iterations": 2}


async def default(vu, data):
    await vu.http.get("/quick")


async def teardown(vu, data):
    kept = [vu.http.delete("/a"), vu.http.delete("/b")]
    raise ValueError("no such order")
"""


def test_what_an_exception_kept_teardown_from_awaiting_does_not_count(serve, run_scenario) -> None:
    url = serve(lambda method, path: answer(200)).url
    run = run_scenario(RAISING_TEARDOWN, "-p", "1", base_url=url)
    assert (run.summary["verdict"], run.exit_code) == ("PASS", 0), run.stdout
    assert "teardown failed at" in " ".join(run.summary["reasons"])
    assert "forgotten_awaits" not in run.summary["metrics"]
