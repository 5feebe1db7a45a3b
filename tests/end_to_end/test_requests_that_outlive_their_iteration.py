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


def handler(method: str, path: str) -> Reply:
    return None if path == "/never" else answer(200)


@pytest.mark.parametrize(
    ("source", "quick", "never"),
    [
        (FORGOTTEN.replace("REQUESTS", "1"), 3, 3),
        (FORGOTTEN.replace("REQUESTS", "4"), 3, 12),
        (GATHER_RAISES, 2, 1),
    ],
    ids=["fire and forget", "several at once", "gather that raises"],
)
def test_they_count_as_failed_and_the_servers_count_is_ours(
    serve, run_scenario, source, quick, never
) -> None:
    server: CountingServer = serve(handler)

    run = run_scenario(source, "-p", "1", base_url=server.url)

    assert server.received == {("GET", "/quick"): quick, ("GET", "/never"): never}
    assert run.metric("http_reqs")["count"] == quick + never
    assert run.metric("http_req_failed")["passes"] == never
