"""Runs that go their whole way: what was done, what was counted, what was said."""

from __future__ import annotations

import pytest
from living_processes import all_gone

from atlas_perf.errors import ExitCode, ScenarioError, SetupError
from atlas_perf.model.batch import Ledger
from atlas_perf.model.progress import RunPhase
from atlas_perf.model.verdict import Verdict

WHOLE = """
    import os

    from atlas_perf import Counter

    options = {
        "scenarios": {
            "buy": {"executor": "shared-iterations", "vus": 5, "iterations": 60},
            "look": {"executor": "per-vu-iterations", "vus": 3, "iterations": 4, "exec": "look"},
        },
        "tags": {"team": "red"},
        "defaultGates": False,
        "thresholds": {"iterations": ["count==72"], "bought": ["count==60"]},
    }
    bought = Counter("bought")


    async def setup(vu):
        await vu.http.get("/setup")
        bought.add(1000)
        print("setup was here")
        return {"token": "t1", "sizes": [1, 2]}


    async def default(vu, data):
        await vu.http.get(f"/data/{data['token']}-{sum(data['sizes'])}")
        await vu.http.get(f"/pid/{os.getpid()}/{vu.id}", name="/pid")
        bought.add(1)
        vu.check(data, {"token": lambda data: data["token"] == "t1"})
        if vu.scenario == "buy" and vu.iteration == 0:
            vu.data["sizes"].append(0)
            raise LookupError(f"no stock for {vu.id}")


    async def look(vu):
        with vu.group("window"):
            await vu.http.get(f"/look/{vu.id}")


    async def teardown(vu, data):
        await vu.http.get("/teardown/" + data["token"])
        print("teardown was here")
"""


async def test_a_whole_run(run, server, capfd):
    summary = await run(WHOLE, processes=2)

    assert summary.ledger == {
        "buy": Ledger(scheduled=60, started=60, completed=55, failed=5),
        "look": Ledger(scheduled=12, started=12, completed=12),
    }
    assert (summary.verdict, summary.exit_code) == (Verdict.PASS, ExitCode.PASS)
    # Setup and teardown ran once each, and are in no number.
    assert (server.count("/setup"), server.count("/teardown/t1")) == (1, 1)
    assert summary.metrics["http_reqs"].values["count"] == server.count() - 2 == 60 * 2 + 12
    assert summary.metrics["bought"].values["count"] == 60
    # What setup returned reached every user as a copy of its own: nobody saw what another changed.
    assert server.count("/data/t1-3") == 60
    assert len(server.pids) == 2
    assert server.ends("/look/") == {"6", "7", "8"}
    # Its exceptions are counted by place, with the first message of each worker.
    assert sum(seen.count for seen in summary.exceptions) == 5
    assert {(seen.kind, seen.scenario) for seen in summary.exceptions} == {("LookupError", "buy")}
    line = WHOLE.splitlines().index('            raise LookupError(f"no stock for {vu.id}")')
    assert {seen.line for seen in summary.exceptions} == {line + 1}
    assert "LookupError: no stock for" in summary.exceptions[0].traceback
    assert "atlas_perf" not in summary.exceptions[0].traceback
    # What a scenario prints is the user's.
    assert capfd.readouterr().out == "setup was here\nteardown was here\n"
    await all_gone(server.pids)


async def test_samples_carry_the_tags_of_plan_scenario_user_and_group(run):
    summary = await run(
        """
        options = {
            "scenarios": {
                "a": {"executor": "per-vu-iterations", "vus": 1, "tags": {"kind": "x"}},
            },
            "tags": {"team": "red"},
            "thresholds": {
                "checks{team:red,kind:x,scenario:a,group:::g,check:c,who:me,call:1}":
                    ["rate==1"],
                "group_duration{group:::g,scenario:a}": ["max<1000"],
                "http_reqs{team:red,kind:x,scenario:a,group:::g,who:me}": ["count==1"],
                "iterations{scenario:a,kind:x,who:me}": ["count==1"],
                "iteration_duration{scenario:a}": ["min>=10"],
                "vus{team:red}": ["value>=0"],
            },
        }

        async def default(vu):
            vu.tags["who"] = "me"
            with vu.group("g"):
                answer = await vu.http.get("/")
                vu.check(answer, {"c": lambda answer: answer.status == 200}, {"call": "1"})
                await vu.sleep(0.01)
        """,
        processes=1,
    )
    assert [result.state for result in summary.thresholds] == ["passed"] * len(summary.thresholds)
    assert len(summary.thresholds) >= 6


async def test_progress_is_told_in_order(start):
    running = start(
        """
        options = {"vus": 3, "duration": "1500ms"}

        async def default(vu):
            await vu.http.get("/")
            await vu.sleep(0.05)
        """
    )
    summary = await running.summary()
    phases = list(dict.fromkeys(one.phase for one in running.progress))
    assert phases == [
        RunPhase.STARTING,
        RunPhase.SETUP,
        RunPhase.RUNNING,
        RunPhase.TEARDOWN,
        RunPhase.FINISHED,
    ]
    second = next(one for one in running.progress if one.elapsed_s > 1)
    assert (second.vus, second.vus_max, second.workers_alive) == (3, 3, 2)
    assert second.planned_s == 1.5
    assert 0 < second.requests <= 90
    assert second.requests_per_s > 0
    assert second.p95_ms is not None
    assert running.progress[-1].iterations == summary.ledger["shop"].completed
    assert 1.4 <= summary.measured_s < 3


THINKING = """
    options = {
        "scenarios": {"shop": {"executor": "per-vu-iterations", "vus": 3, "iterations": 3}},
    }

    async def default(vu):
        await vu.http.get(f"/think/{vu.id}-{vu.iteration}-{vu.random.random():.12f}", name="/think")
        await vu.sleep(0.001)
"""


async def test_the_same_seed_thinks_the_same_thoughts(run, server):
    thoughts = []
    for processes, seed in ((1, 7), (3, 7), (1, 8)):
        server.received.clear()
        await run(THINKING, processes=processes, seed=seed)
        thoughts.append(server.ends("/think/"))
    assert len(thoughts[0]) == 9
    assert thoughts[0] == thoughts[1]
    assert thoughts[0].isdisjoint(thoughts[2])


async def test_more_workers_than_users_is_no_fault(run):
    summary = await run("options = {'iterations': 1}\nasync def default(vu): pass", processes=3)
    assert summary.ledger["shop"].completed == 1
    assert summary.verdict is Verdict.PASS
    assert [worker.lost for worker in summary.workers] == [None] * 3


async def test_min_iteration_duration_pads_between_iterations(run):
    summary = await run(
        """
        options = {
            "minIterationDuration": "200ms",
            "scenarios": {"s": {"executor": "per-vu-iterations", "vus": 1, "iterations": 3}},
        }

        async def default(vu):
            pass
        """,
        processes=1,
    )
    assert summary.metrics["iteration_duration"].values["med"] < 100
    assert 0.4 <= summary.measured_s < 2


class TestSetupThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("body", "line", "words"),
        [
            ("raise KeyError('id')", 5, "setup raised KeyError: 'id'"),
            ("helper()", 2, "setup raised ZeroDivisionError: division by zero"),
            ("import sys; sys.exit(3)", 5, "setup raised SystemExit: 3"),
            ("return {'users': [{1, 2}]}", 4, "setup returned a value of type set at ['users'][0]"),
            ("await vu.sleep(60)", 4, "setup did not return within its limit of 200ms"),
        ],
    )
    async def test_it_ends_the_run_before_any_load(self, run, server, body, line, words):
        source = (
            "options = {'iterations': 1, 'setupTimeout': '200ms'}\n"
            "def helper(): return 1 / 0\n"
            "async def default(vu): await vu.http.get('/')\n"
            f"async def setup(vu):\n    {body}\n"
        )
        with pytest.raises(SetupError) as caught:
            await run(source)
        assert (caught.value.line, caught.value.exit_code) == (line, ExitCode.USAGE)
        assert str(caught.value.file).endswith("shop.py")
        assert words in caught.value.message
        assert server.count() == 0


async def test_a_file_that_changes_while_the_run_starts_is_refused(start, tmp_path):
    running = start("options = {'iterations': 1}\nasync def default(vu): pass")
    (tmp_path / "shop.py").write_text("async def default(vu): raise SystemExit")
    with pytest.raises(ScenarioError, match="changed while the run was starting"):
        await running.summary()


async def test_a_teardown_that_raises_changes_no_verdict_and_is_told(run):
    summary = await run(
        "options = {'iterations': 1}\n"
        "async def default(vu): pass\n"
        "async def teardown(vu):\n"
        "    raise OSError('cannot delete')\n"
    )
    assert (summary.verdict, summary.exit_code) == (Verdict.PASS, ExitCode.PASS)
    assert any("teardown failed" in reason and ":4" in reason for reason in summary.reasons)
    (exception,) = summary.exceptions
    assert (exception.scenario, exception.kind) == ("teardown", "OSError")


async def test_iterations_may_raise_anything_without_harm_to_the_worker(run):
    summary = await run(
        """
        import asyncio
        import sys

        options = {"scenarios": {
            "shop": {"executor": "per-vu-iterations", "vus": 1, "iterations": 4},
        }}

        async def default(vu):
            if vu.iteration == 0:
                sys.exit(1)
            if vu.iteration == 1:
                raise KeyboardInterrupt
            if vu.iteration == 2:
                task = asyncio.ensure_future(asyncio.sleep(1))
                task.cancel()
                await task
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())

        async def fail():
            raise LookupError("inside a group")
        """,
        processes=1,
    )
    assert summary.ledger["shop"] == Ledger(scheduled=4, started=4, failed=4)
    kinds = {seen.kind for seen in summary.exceptions}
    assert kinds == {"SystemExit", "KeyboardInterrupt", "CancelledError", "LookupError"}
    assert summary.metrics["iteration_failed"].values["rate"] == 1
    assert summary.verdict is not Verdict.PASS


async def test_an_output_that_breaks_makes_the_run_invalid(run):
    class Broken:
        wants_samples = True
        batches = 0

        def start(self, plan, anchor, t0_ns) -> None:
            assert t0_ns > anchor.monotonic_ns

        def on_batch(self, batch, resolve) -> None:
            self.batches += 1
            assert all(resolve(delta.number) for delta in batch.deltas)

        def on_gauge(self, metric, tags, at_ns, value) -> None:
            assert metric.name in {"vus", "vus_max"}

        def close(self) -> str:
            return "samples.json: 5 samples are missing: the disk is full"

    output = Broken()
    summary = await run(
        "options = {'iterations': 5}\nasync def default(vu): pass", outputs=(output,)
    )
    assert output.batches >= 2
    assert summary.verdict is Verdict.INVALID
    assert "the disk is full" in summary.reasons[-1]


async def test_a_plan_file_in_the_current_folder_shadows_nothing(run, tmp_path, monkeypatch):
    (tmp_path / "argparse.py").write_text("raise RuntimeError('the wrong argparse')")
    monkeypatch.chdir(tmp_path)
    summary = await run("options = {'iterations': 1}\nasync def default(vu): pass")
    assert summary.verdict is Verdict.PASS
