"""The client and the worker's recorder fit together: one request, one sample everywhere."""

from __future__ import annotations

from scripted_server import Stage, answering, response

from atlas_perf import clock
from atlas_perf.model.batch import CounterDelta, RateDelta, TrendDelta
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.worker.recorder import Recorder


async def test_one_success_and_one_failure(stage: Stage) -> None:
    server = await stage.serve(
        answering(lambda request: response(200 if request.path == "/good" else 500, b"ok"))
    )
    recorder = Recorder(BUILTIN_METRICS.values())
    recorder.start_at(clock.now_ns())
    setup = ClientSetup(options=HttpOptions(), recorder=recorder, base_url=server.url)
    client = HttpClient(setup, lambda: (("scenario", "s"),))
    await client.get("/good")
    await client.get("/good")
    await client.get("/bad")
    await client.close()

    closed = recorder.close_interval()
    assert (closed.refused_samples, closed.overflowed_samples) == (0, 0)
    about = {each.number: (each.metric.name, dict(each.series.tags)) for each in closed.new_series}
    counts: dict[tuple[str, str], float] = {}
    for delta in closed.deltas:
        name, tags = about[delta.number]
        key = (name, tags.get("status", ""))
        match delta:
            case CounterDelta(total=total):
                counts[key] = total
            case RateDelta(passes=passes, samples=samples):
                counts[key] = passes / samples
            case TrendDelta():
                counts[key] = -1
    assert counts.pop(("data_sent", "")) == sum(len(r.raw_head) for r in server.requests)
    assert counts.pop(("data_received", "")) > 0
    per_request = {"http_req_duration", "http_req_blocked", "http_req_sending"}
    per_request |= {"http_req_waiting", "http_req_receiving"}
    assert counts == {
        ("http_reqs", "200"): 2,
        ("http_reqs", "500"): 1,
        ("http_req_failed", "200"): 0,
        ("http_req_failed", "500"): 1,
        ("http_req_connecting", "200"): -1,
        **{(name, status): -1 for name in per_request for status in ("200", "500")},
    }
