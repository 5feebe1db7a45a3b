"""Feeds in real runs, as the server sees them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from atlas_perf.errors import ScenarioError, SetupError
from atlas_perf.model.verdict import Verdict

ROWS = 10_000

ASK = """
    async def default(vu):
        row = await rows.row(vu)
        await vu.http.get(f"/row/{row['id']}", name="/row")
"""


@pytest.fixture
def write_rows(tmp_path: Path):
    def write(count: int) -> None:
        lines = ["id,password", *(f"{number},pw-of-{number}-x" for number in range(count))]
        (tmp_path / "rows.csv").write_text("\n".join(lines))

    return write


def scenario(feed: str, options: str, body: str = ASK) -> str:
    return f"""
    import os
    from atlas_perf import feed

    rows = feed("rows.csv", {feed})
    options = {options}
    {body}
    """


OF_THE_MACHINE = ("event loop stood still", "waited for a CPU", "used up to")
"""What a busy machine has said of it, beside which a run is what it is."""


def asked(server) -> dict[int, int]:
    """How often each row was asked for."""
    return {int(row): len(server.received[f"/row/{row}"]) for row in server.ends("/row/")}


async def test_four_workers_give_each_of_ten_thousand_rows_once(run, server, write_rows) -> None:
    write_rows(ROWS)
    summary = await run(scenario("", f'{{"vus": 16, "iterations": {ROWS}}}'), processes=4)
    assert asked(server) == dict.fromkeys(range(ROWS), 1)
    assert summary.verdict is Verdict.PASS
    met, *others = summary.reasons
    assert met == "All 2 criteria were met."
    assert [one for one in others if not any(words in one for words in OF_THE_MACHINE)] == []
    assert summary.ledger["shop"].completed == ROWS


async def test_the_end_of_the_rows_ends_the_load_and_is_judged(run, server, write_rows) -> None:
    write_rows(500)
    source = scenario('on_exhausted="stop"', '{"vus": 16, "duration": "60s"}')
    summary = await run(source, processes=4)
    assert asked(server) == dict.fromkeys(range(500), 1)
    ledger = summary.ledger["shop"]
    assert (ledger.completed, ledger.failed, ledger.dropped) == (500, 0, 0)
    assert 1 <= ledger.interrupted <= 16
    assert summary.metrics["iteration_duration"].censored == 0  # nobody cut these off
    assert summary.verdict is Verdict.PASS
    warning = summary.reasons[1]
    assert warning.startswith("Warning: the feed rows.csv ran out of its 500 rows after ")
    assert warning.endswith(" of at most 1m: the load ended there, as on_exhausted says")


async def test_users_that_come_and_go_end_with_the_rows_too(run, server, write_rows) -> None:
    write_rows(100)
    stages = '[{"duration": "1s", "target": 8}, {"duration": "60s", "target": 8}]'
    source = scenario('on_exhausted="stop"', f'{{"vus": 0, "stages": {stages}}}')
    summary = await run(source, processes=2)
    assert asked(server) == dict.fromkeys(range(100), 1)
    assert summary.ledger["shop"].completed == 100
    assert summary.ledger["shop"].interrupted <= 8


async def test_unless_said_otherwise_too_few_rows_prove_nothing(run, server, write_rows) -> None:
    write_rows(50)
    summary = await run(scenario("", '{"vus": 4, "duration": "60s"}'))
    assert asked(server) == dict.fromkeys(range(50), 1)
    assert summary.verdict is Verdict.INVALID
    assert summary.reasons[0].startswith("The feed rows.csv ran out of its 50 rows after ")
    assert summary.reasons[0].endswith(": the planned load was not offered.")
    ledger = summary.ledger["shop"]
    assert (ledger.completed, ledger.interrupted) == (50, 0)
    assert 1 <= ledger.failed <= 4
    (exception,) = summary.exceptions
    assert (exception.kind, exception.count) == ("FeedExhausted", ledger.failed)
    assert exception.message == "the feed rows.csv has given all of its 50 rows"


async def test_fewer_rows_than_planned_iterations_prove_nothing(run, write_rows) -> None:
    write_rows(50)
    summary = await run(scenario('on_exhausted="stop"', '{"vus": 4, "iterations": 100}'))
    assert summary.verdict is Verdict.INVALID
    assert "planned with 100 iterations" in summary.reasons[0]


async def test_recycled_rows_are_told_of(run, server, write_rows) -> None:
    write_rows(40)
    source = scenario('on_exhausted="recycle"', '{"vus": 4, "iterations": 100}')
    summary = await run(source)
    assert sorted(asked(server).values()) == [2] * 20 + [3] * 20
    assert summary.verdict is Verdict.PASS
    assert any("gave its 40 rows more than once" in reason for reason in summary.reasons)


async def test_a_row_per_user_is_nobody_elses(run, server, write_rows) -> None:
    write_rows(10)
    source = scenario('per="vu"', '{"vus": 10, "iterations": 50}')
    await run(source, processes=3)
    assert asked(server).keys() == set(range(10))
    assert sum(asked(server).values()) == 50


async def test_rows_in_a_circle_are_given_evenly(run, server, write_rows) -> None:
    write_rows(84)
    source = scenario('mode="circular"', '{"vus": 4, "iterations": 168}')
    await run(source, processes=4)
    assert asked(server) == dict.fromkeys(range(84), 2)


async def test_a_circle_per_user_is_by_the_users_number(run, server, write_rows) -> None:
    write_rows(4)
    source = scenario(
        'mode="circular", per="vu"',
        '{"vus": 8, "iterations": 40}',
        """
    async def default(vu):
        row = await rows.row(vu)
        await vu.http.get(f"/user/{vu.id}/{row['id']}", name="/user")
    """,
    )
    await run(source, processes=3)
    users = dict(end.split("/") for end in server.ends("/user/"))
    assert users == {str(user): str((user - 1) % 4) for user in range(1, 9)}


async def test_random_rows_are_the_seeds_on_any_number_of_workers(run, server, write_rows) -> None:
    write_rows(1000)
    source = scenario(
        'mode="random"',
        '{"scenarios": {"s": {"executor": "per-vu-iterations", "vus": 4, "iterations": 10}}}',
    )
    drawn = []
    for processes, seed in ((1, 5), (4, 5), (4, 6)):
        await run(source, processes=processes, seed=seed)
        drawn.append(asked(server))
        server.received.clear()
    assert drawn[0] == drawn[1] != drawn[2]


async def test_rows_of_a_killed_worker_are_not_given_to_others(start, server, write_rows) -> None:
    write_rows(ROWS)
    body = """
    async def default(vu):
        row = await rows.row(vu)
        await vu.http.get(f"/pid/{os.getpid()}/{vu.id}", name="/pid")
        await vu.http.get(f"/row/{row['id']}", name="/row")
    """
    run = start(scenario("", '{"vus": 8, "duration": "20s"}', body), processes=4)
    await server.has_received("/row/", 400)
    os.kill(next(iter(server.pids)), signal.SIGKILL)
    summary = await run.summary()
    assert summary.verdict is Verdict.INVALID
    assert max(asked(server).values()) == 1


async def test_rows_that_differ_between_processes_are_refused(run) -> None:
    source = """
    import os, sys
    from atlas_perf import feed

    rows = feed([1] * (2 if "atlas_perf.worker.session" in sys.modules else 3), name="numbers")
    options = {"vus": 1, "iterations": 1}

    async def default(vu):
        await rows.row(vu)
    """
    with pytest.raises(ScenarioError, match="the feed numbers has 2 rows here and 3 there"):
        await run(source)


async def test_secrets_of_rows_are_in_no_report(run, write_rows) -> None:
    write_rows(5)
    source = scenario(
        "",
        '{"vus": 1, "iterations": 5}',
        """
    async def default(vu):
        row = await rows.row(vu)
        await vu.http.get(f"/login/{row['password']}")
        raise RuntimeError(f"{row['id']} cannot log in with {row['password']}")
    """,
    )
    summary = await run(source)
    assert "pw-of-" not in repr(summary)
    assert summary.exceptions[0].message.endswith(" cannot log in with ***")


async def test_secrets_of_rows_are_in_no_error_of_setup(run, write_rows) -> None:
    write_rows(5)
    body = """
    async def setup(vu):
        for row in rows:
            raise RuntimeError(f"no account for {row['password']}")
    """
    with pytest.raises(SetupError) as failed:
        await run(scenario("", '{"vus": 1, "iterations": 5}', body + ASK))
    assert str(failed.value).endswith("setup raised RuntimeError: no account for ***")
