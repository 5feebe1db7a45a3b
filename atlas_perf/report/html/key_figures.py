"""The few figures at the head of a run's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from atlas_perf.model.metric import HTTP_RESPONSE_TIME
from atlas_perf.model.summary import Summary
from atlas_perf.report.html.cells import (
    Cell,
    count,
    duration_text,
    milliseconds_text,
    number,
    part,
)
from atlas_perf.report.value_text import bound_text
from atlas_perf.units import NS_PER_S, format_quantity

SERVICE = "http_req_duration"


@dataclass(frozen=True, slots=True)
class Figure:
    """A label, its number, and a few words beneath."""

    label: str
    number: Cell
    beneath: str = ""


def key_figures(summary: Summary) -> list[Figure]:
    """What there is of requests, latency, messages, load and the generator, in this order."""
    told = (_requests, _latencies, _messages, _load, _generator)
    return [figure for one in told for figure in one(summary)]


def _requests(summary: Summary) -> Iterator[Figure]:
    requests = summary.metrics.get("http_reqs")
    if requests is not None:
        per_second = format_quantity(requests.values["rate"], "per_s")
        yield Figure("Requests", count(requests.values["count"], about="requests"), per_second)
    failed = summary.metrics.get("http_req_failed")
    if failed is not None:
        passes, fails = int(failed.values["passes"]), int(failed.values["fails"])
        cell = part(passes, passes + fails, "bad" if passes else "", "failed_share")
        cell = Cell(cell.text, number("", failed.values["rate"]).value, cell.tone, cell.about)
        yield Figure("Failed", cell, f"{passes:,} of {passes + fails:,}")


def _latencies(summary: Summary) -> Iterator[Figure]:
    """Of what is gated: the response where there is one, else the service."""
    is_open = HTTP_RESPONSE_TIME in summary.metrics
    found = summary.metrics.get(HTTP_RESPONSE_TIME if is_open else SERVICE)
    if found is None:
        return
    title, about = ("Response", "response") if is_open else ("Latency", "service")
    for key, beside, word in (("p(95)", "med", "median"), ("p(99)", "max", "max")):
        value = found.values.get(key)
        if value is None:
            continue
        beneath = found.values.get(beside)
        yield Figure(
            f"{title} {key.replace('(', '').replace(')', '')}",
            number(
                bound_text(milliseconds_text(value), key in found.at_least),
                value,
                about=f"{about}_{key}",
            ),
            "" if beneath is None else f"{word} {milliseconds_text(beneath)}",
        )


def _messages(summary: Summary) -> Iterator[Figure]:
    """Of WebSockets: how many went either way, how long answers took, and what was lost."""
    for metric, label in (("ws_msgs_sent", "Messages sent"), ("ws_msgs_received", "Received")):
        found = summary.metrics.get(metric)
        if found is not None:
            per_second = format_quantity(found.values["rate"], "per_s")
            yield Figure(label, count(found.values["count"], about=metric), per_second)
    round_trip = summary.metrics.get("ws_rtt")
    value = None if round_trip is None else round_trip.values.get("p(95)")
    if round_trip is not None and value is not None:
        text = bound_text(milliseconds_text(value), "p(95)" in round_trip.at_least)
        median = round_trip.values.get("med")
        yield Figure(
            "Round trip p95",
            number(text, value, about="ws_rtt"),
            "" if median is None else f"median {milliseconds_text(median)}",
        )
    lost = summary.metrics.get("ws_msgs_lost")
    if lost is not None:
        tone = "bad" if lost.values["count"] else ""
        yield Figure("Lost messages", count(lost.values["count"], tone, about="ws_msgs_lost"))


def _load(summary: Summary) -> Iterator[Figure]:
    planned = sum(window.planned_arrivals for window in summary.windows)
    started = sum(window.started_arrivals for window in summary.windows)
    if planned:
        tone = "bad" if started < 0.99 * planned else ""
        yield Figure(
            "Arrivals", count(started, tone, about="arrivals"), f"of {planned:,} planned were begun"
        )
    iterations = summary.metrics.get("iterations")
    if iterations is not None and not planned:
        yield Figure(
            "Iterations",
            count(iterations.values["count"], about="iterations"),
            format_quantity(iterations.values["rate"], "per_s"),
        )
    users = summary.metrics.get("vus")
    if users is not None:
        measured = duration_text(summary.measured_s * NS_PER_S)
        yield Figure(
            "Virtual users", count(users.values["max"], about="vus"), f"measured {measured}"
        )


def _generator(summary: Summary) -> Iterator[Figure]:
    if not summary.workers:
        return
    lag_ms = max(worker.loop_lag_max_ms for worker in summary.workers)
    cores = sum(worker.cpu_share for worker in summary.workers)
    number_of = len(summary.workers)
    workers = f"{number_of} worker{'' if number_of == 1 else 's'}, {cores:.2f} cores"
    yield Figure(
        "Generator lag", number(milliseconds_text(lag_ms), lag_ms, about="loop_lag"), workers
    )
