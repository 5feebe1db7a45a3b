"""What `setup` does, and what it leaves running, is in no number."""

from __future__ import annotations

from counting_server import CountingServer, answer

LEFT_RUNNING = """
import asyncio

from atlas_perf import Counter

options = {"vus": 1, "duration": "1s", "defaultGates": False}
refreshed = Counter("refreshed")
kept = []
turns = []


async def setup(vu):
    async def refresh():
        while True:
            await vu.http.get("/refresh")
            refreshed.add(1)
            turns.append(1)
            await asyncio.sleep(0.05)

    kept.append(asyncio.create_task(refresh()))


async def default(vu):
    await vu.http.get("/load")
    await vu.sleep(0.05)


async def teardown(vu):
    await vu.http.get(f"/turns/{len(turns)}")
    kept[0].cancel()
"""


def test_what_setup_leaves_running_is_not_measured(serve, run_scenario) -> None:
    server: CountingServer = serve(lambda method, path: answer(200))

    run = run_scenario(LEFT_RUNNING, "-p", "1", base_url=server.url)

    (turns,) = (path for _, path in server.received if path.startswith("/turns/"))
    assert int(turns.removeprefix("/turns/")) > 5
    assert run.metric("http_reqs")["count"] == server.received["GET", "/load"]
    assert [one["name"] for one in run.summary["endpoints"]] == [f"{server.url}/load"]
    assert not run.summary["metrics"].get("refreshed", {"values": {}})["values"].get("count")
