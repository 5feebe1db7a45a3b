"""Runs that prove nothing, each with a real command."""

from __future__ import annotations

import socket
import time

from counting_server import Reply, answer
from situation import NOTHING, Observed, Place, Situation, of_run, refused

GET = """
options = {"vus": 2, "duration": "1s", "thresholds": THRESHOLDS}


async def default(vu):
    await vu.http.get("/")
    await vu.sleep(0.02)
"""
FAST = "{'http_req_duration': ['p(95)<500']}"
FAST_AND_SOUND = "{'http_req_duration': ['p(95)<500'], 'http_req_failed': ['rate<0.01']}"


def _get(thresholds: str) -> str:
    return GET.replace("THRESHOLDS", thresholds)


def _healthy(place: Place) -> str:
    def after_5_ms(method: str, path: str) -> Reply:
        time.sleep(0.005)
        return answer(200)

    return place.serve(after_5_ms).url


def _no_check(place: Place) -> Observed:
    return of_run(place.run(_get("{'checks': ['rate>0.9']}"), base_url=_healthy(place)))


def _dead(place: Place) -> Observed:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        run = place.run(_get(FAST), base_url=url)
    assert "http_req_duration" not in {
        name for name, metric in run.summary["metrics"].items() if metric["values"].get("count")
    }
    assert run.metric("http_req_failed")["rate"] == 1.0
    return of_run(run)


BESIDE = """
BY_TURNS = {"executor": "shared-iterations", "vus": 2}
options = {"scenarios": {
    "browse": {**BY_TURNS, "iterations": 500, "exec": "browse"},
    "login": {**BY_TURNS, "iterations": 3, "exec": "login"},
}, "thresholds": THRESHOLDS}


async def browse(vu):
    await vu.http.get("/")


async def login(vu):
    await vu.http.post("/login", json={})
"""


def _rare_one_fails(place: Place) -> Observed:
    def without_login(method: str, path: str) -> Reply:
        return answer(503 if path == "/login" else 200)

    source = BESIDE.replace("THRESHOLDS", FAST)
    run = place.run(source, base_url=place.serve(without_login).url)
    assert run.metric("http_req_failed")["rate"] == 3 / 503
    return of_run(run)


HUNG = """'scenarios': {
    "scenario": {
        "executor": "constant-vus", "vus": 2, "duration": "1s", "gracefulStop": "200ms"
    }
}"""


def _hung(place: Place) -> Observed:
    server = place.serve(lambda method, path: None)
    source = _get(FAST_AND_SOUND).replace('"vus": 2, "duration": "1s"', HUNG)
    run = place.run(source, base_url=server.url)
    assert run.metric("http_reqs_censored")["count"] == 2
    assert run.metric("http_req_duration")["count"] == 0
    assert run.summary["ledger"]["scenario"]["interrupted"] == 2
    return of_run(run)


THROWING = """
options = {"vus": 1, "iterations": 5}


async def default(vu):
    raise LookupError("no such order")
"""


def _throwing(place: Place) -> Observed:
    run = place.run(THROWING)
    (exception,) = run.summary["exceptions"]
    assert (exception["kind"], exception["line"], exception["count"]) == ("LookupError", 6, 5)
    assert "no such order" in run.stdout
    return of_run(run)


def _misspelt(place: Place) -> Observed:
    thresholds = "{'http_req_duration{scenario:scenari}': ['p(95)<500']}"
    return of_run(place.run(_get(thresholds), base_url=_healthy(place)))


MISSED = """
options = {"scenarios": {"orders": {
    "executor": "constant-arrival-rate", "rate": 50, "duration": "2s", "preAllocatedVUs": 1,
}}, "thresholds": {"http_req_duration": ["p(95)<500"]}}


async def default(vu):
    await vu.http.get("/")
    await vu.sleep(0.1)
"""


def _missed(place: Place) -> Observed:
    run = place.run(MISSED, base_url=_healthy(place))
    ledger = run.summary["ledger"]["orders"]
    assert ledger["dropped"] >= 0.8 * 100
    assert ledger["dropped"] + ledger["started"] == 100
    return of_run(run)


def _unwritable(place: Place) -> Observed:
    server = place.serve(lambda method, path: answer(200))
    run = place.run(_get(FAST), "--results-dir", "/proc/results", base_url=server.url)
    assert not server.received
    return refused(run)


GONE = """
options = {"vus": 1, "iterations": 3}


async def default(vu):
    vu.check(1, {"one": lambda one: one == 1})


async def teardown(vu, data):
    import shutil
    shutil.rmtree("results")
"""


def _gone(place: Place) -> Observed:
    return refused(place.run(GONE, "--quiet"))


FAULT = """
import os, signal, subprocess

options = {"vus": 2, "duration": "DURATION", "thresholds": {"http_req_duration": ["p(95)<500"]}}


async def default(vu):
    await vu.http.get("/")
    await vu.sleep(0.02)
    if vu.id == 1 and vu.iteration == WHEN:
        FAULT
"""


def _faulty(place: Place, fault: str, *arguments: str, when: int, duration: str) -> Observed:
    source = FAULT.replace("        FAULT", f"        {fault}").replace("WHEN", str(when))
    source = source.replace("DURATION", duration)
    return of_run(place.run(source, *arguments, base_url=_healthy(place)))


STOP = """subprocess.Popen(["sh", "-c", f"sleep 2; kill -CONT {os.getpid()}"])
        os.kill(os.getpid(), signal.SIGSTOP)"""


def _stopped(place: Place) -> Observed:
    """SIGSTOP: the clock goes on and the process does not."""
    return _faulty(place, STOP, "-p", "1", when=2, duration="2500ms")


def _killed(place: Place) -> Observed:
    kill = "os.kill(os.getpid(), signal.SIGKILL)"
    return _faulty(place, kill, "-p", "2", when=5, duration="1500ms")


SKIP = """from atlas_perf.worker.link import Link
        whole = Link.send_batch
        def skip(link, batch):
            if batch.new_series:
                return whole(link, batch)
            Link.send_batch = whole
        Link.send_batch = skip"""
"""One batch of a worker is made, counted, and never sent."""


def _missing_batch(place: Place) -> Observed:
    return _faulty(place, SKIP, "-p", "2", when=5, duration="2500ms")


def _sound(place: Place) -> Observed:
    return of_run(place.run(_get(FAST), base_url=_healthy(place)))


SOUND = Situation("a sound run under `p(95)<500`", _sound, "0")

SITUATIONS = (
    Situation("`checks: rate>0.9`, and no check ran", _no_check, "0"),
    Situation(
        "a dead server under `p(95)<500`",
        _dead,
        "0",
        ((r":\d+/", ":8080/"), (r"\d+ of \d+", "120 of 120")),
    ),
    Situation(
        "a hung server under `p(95)<500` and `http_req_failed: rate<0.01`",
        _hung,
        "0",
        ((r"at least \S+ (ms|s)", "at least 1.2 s"),),
    ),
    Situation(
        "every request of a rare scenario fails, 0.6 % of all",
        _rare_one_fails,
        NOTHING,
        ((r":\d+/", ":8080/"),),
    ),
    Situation("every iteration ends in an exception", _throwing, "0"),
    Situation("a misspelt tag in a selector", _misspelt, "0"),
    Situation(
        "the offered rate is missed by 80 %",
        _missed,
        "0",
        ((r"\d+ of the 100", "82 of the 100"), (r"\(\d+\.\d %\)", "(82.0 %)")),
    ),
    Situation("the summary cannot be written", _unwritable, "0"),
    Situation(
        "the results are deleted during the run",
        _gone,
        NOTHING,
        ((r"/\S+/results/[^/]+/", "results/20261126T140512Z-orders/"),),
    ),
    Situation(
        "the generator is stopped for 2 s", _stopped, "0", ((r"for \d+\.\d+ s", "for 2.0 s"),)
    ),
    Situation("a worker is killed", _killed, NOTHING),
    Situation(
        "a batch of a worker never arrives",
        _missing_batch,
        NOTHING,
        ((r"of seconds? .*", "of second 1."),),
    ),
)
