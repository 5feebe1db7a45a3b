"""Requests still under way when the load ends: cut off, counted once, and never sent again."""

from __future__ import annotations

import pytest
from counting_server import CountingServer, Reply, answer

FORGOTTEN = """
import asyncio

options = {"vus": 3, "iterations": 3, "defaultGates": False}
started = set()


async def default(vu):
    await vu.http.get("/quick")
    for _ in range(REQUESTS):
        started.add(asyncio.create_task(vu.http.get("/never")))
    await vu.sleep(0.3)
"""

GATHER_RAISES = """
import asyncio

options = {"vus": 1, "iterations": 1, "defaultGates": False}


async def fails(vu):
    await vu.http.get("/quick")
    await vu.sleep(0.2)
    raise ValueError("no such order")


async def default(vu):
    await vu.http.get("/quick")
    await asyncio.gather(fails(vu), vu.http.get("/never"))
"""


GOES_ON = """
import asyncio

options = {"vus": 2, "iterations": 2, "defaultGates": False}
tasks = set()


async def ask_again_and_again(vu):
    while True:
        try:
            await vu.http.get("/again")
        except asyncio.CancelledError:
            if len(tasks) > 2:
                raise
            tasks.add(asyncio.create_task(ask_again_and_again(vu)))
        await asyncio.sleep(0)


async def default(vu):
    tasks.add(asyncio.create_task(ask_again_and_again(vu)))
    await vu.sleep(0.2)


async def teardown(vu):
    await vu.http.get("/before")
    await asyncio.sleep(0.2)
    await vu.http.get("/after")
"""


def handler(method: str, path: str) -> Reply:
    return None if path == "/never" else answer(200)


@pytest.mark.parametrize(
    ("source", "counts"),
    [
        (FORGOTTEN.replace("REQUESTS", "1"), (3, 3, 3)),
        (FORGOTTEN.replace("REQUESTS", "9"), (3, 18, 27)),  # six to one host, the others wait
        (GATHER_RAISES, (2, 1, 1)),
    ],
    ids=["fire and forget", "more than connections", "gather that raises"],
)
def test_they_count_as_cut_off_and_the_servers_count_is_ours(
    serve, run_scenario, source, counts
) -> None:
    quick, sent, counted = counts
    server: CountingServer = serve(handler)

    run = run_scenario(source, "-p", "1", base_url=server.url)

    assert server.received == {("GET", "/quick"): quick, ("GET", "/never"): sent}
    assert run.metric("http_reqs")["count"] == quick
    assert run.metric("http_req_failed")["passes"] == 0
    assert run.metric("http_reqs_censored")["count"] == counted


def test_nothing_is_sent_once_the_load_has_ended(serve, run_scenario) -> None:
    """Not even while teardown runs beside tasks that go on asking."""
    order: list[str] = []

    def note(method: str, path: str) -> Reply:
        order.append(path)
        return answer(200)

    server: CountingServer = serve(note)

    run = run_scenario(GOES_ON, "-p", "1", base_url=server.url)

    assert order[-2:] == ["/before", "/after"]
    censored = run.metric("http_reqs_censored")["count"]
    assert censored >= 2
    assert run.metric("http_reqs")["count"] + censored >= server.received["GET", "/again"] > 2
