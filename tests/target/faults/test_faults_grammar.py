"""How faults are written, and what is said of those that cannot be read."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from atlas_perf.target.faults.amounts import read_delay, read_growth, read_size_bytes, read_time_s
from atlas_perf.target.faults.grammar import FaultSpecError, take_apart
from atlas_perf.target.faults.kinds import KINDS, check_fault, make_fault
from atlas_perf.target.faults.operations import OPERATIONS, Scope


def test_a_fault_is_taken_apart() -> None:
    spec = take_apart("latency:lognormal(50ms, 0.5)@runs.list+runs.read, share=5%, after=10s")
    assert spec.kind == "latency"
    assert spec.argument == "lognormal(50ms,0.5)"
    assert spec.operations == ("runs.list", "runs.read")
    assert spec.options == {"share": "5%", "after": "10s"}


@pytest.mark.parametrize(
    "text",
    [
        "latency:200ms",
        "latency:uniform(10ms,50ms)@runs.*",
        "latency:exponential(20ms)@health",
        "error:503@tasks.submit,share=2%",
        "hang@runs.create,share=0.5%,after=10s,for=5s",
        "reset",
        "reset-mid-body@*",
        "close",
        "slow-body:2s",
        *[f"malformed:{manner}" for manner in ("status-line", "header", "length", "truncated")],
        "malformed:chunk",
        "malformed:json",
        "ceiling:50/s@tasks.*",
        "ceiling:0.5/s,over=refuse",
        "creep:20ms/s,most=5s",
        "creep:1ms/request",
        "leak:10kB/request,most=1MB",
        "leak:1MB/s",
        "fail@tasks.submit,share=10%",
        "longer:lognormal(2s,0.5)@runs.create",
        "never-end",
        "stall:2s,after=10s,every=30s",
        "refuse:5s",
        "outage:5s",
        "drop",
        "delay:200ms,share=50%",
        "duplicate:2",
        "reorder",
        "disconnect",
        "disconnect:1011",
    ],
)
def test_a_fault_that_is_right_is_read(text: str) -> None:
    assert check_fault(text) == text
    assert make_fault(text).aim.text == text


def test_every_kind_shows_a_form_that_can_be_read() -> None:
    for name, kind in KINDS.items():
        form = kind.form.partition(" or ")[0].partition("[")[0].partition("|")[0]
        assert make_fault(form).aim.text == form, name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has not the form KIND[:ARGUMENT]"),
        ("latency:200ms@", "has not the form"),
        ("latncy:200ms", "there is no kind 'latncy'; there are latency, error, hang"),
        ("latency", "needs an argument: write latency:200ms"),
        ("latency:200", "is not a duration"),
        ("latency:0ms", "is not a time above zero"),
        ("latency:2h", "at most 1h"),
        ("latency:normal(1s,2s)", "write 200ms, uniform(10ms,50ms)"),
        ("latency:uniform(2s,1s)", "begins above its end"),
        ("latency:lognormal(1s,9)", "is not a sigma"),
        ("latency:1s@runs.lst", "'runs.lst' is no operation that it can strike: name health"),
        ("latency:1s,share=5", "is not a share: write a percentage"),
        ("latency:1s,share=0%", "is not a share"),
        ("latency:1s,share=101%", "is not a share"),
        ("latency:1s,shre=5%", "'shre=5%' is no option: use share=, after="),
        ("latency:1s,share=5%,share=6%", "share= is there twice"),
        ("latency:1s,every=5s", "every= has no meaning for latency: it takes after=, for=, share="),
        ("error:200", "whole number from 400 to 599, such as 503"),
        ("error:teapot", "whole number from 400 to 599"),
        ("hang:1s", "takes no argument: write hang"),
        ("reset:half", "takes no argument: write reset"),
        ("malformed:all", "is none of status-line, header"),
        ("ceiling:50", "is not a rate: write requests per second, such as 100/s"),
        ("ceiling:50/s,share=5%", "share= has no meaning for ceiling"),
        ("ceiling:50/s,over=drop", "is none of queue, refuse"),
        ("creep:5ms", "does not say how it grows"),
        ("leak:10kB/request,most=2GB", "is not a size up to 1GB"),
        ("fail@runs.read", "name runs.create, tasks.submit"),
        ("stall:2s@runs.list", "leave @OPERATION out"),
        ("stall:2m", "longer than the 60s it may take"),
        ("refuse:5s,every=5s", "every= must be longer"),
        ("disconnect:1006", "never sent in a close frame"),
        ("duplicate:0", "whole number from 1 to 100"),
    ],
)
def test_what_is_wrong_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(FaultSpecError) as refusal:
        check_fault(text)
    message = str(refusal.value)
    assert message.startswith(f"fault {text!r}")
    assert said in message
    assert "\n" not in message


def test_every_kind_and_operation_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "faults.md").read_text()
    for name in KINDS:
        assert re.search(rf"`{name}\b", page), name
    for operation in {name for names in OPERATIONS.values() for name in names}:
        assert f"`{operation}`" in page, operation


def test_all_operations_are_meant_but_the_probes() -> None:
    everything = frozenset(OPERATIONS[Scope.REQUEST])
    assert make_fault("hang").aim.operations == everything - {"health", "metrics"}
    assert make_fault("hang@*").aim.operations == everything - {"health", "metrics"}
    assert make_fault("hang@health+tasks.*").aim.operations == {
        "health",
        *(name for name in everything if name.startswith("tasks.")),
    }


def test_delays_follow_their_distribution() -> None:
    source = random.Random(1)
    assert read_delay("200ms")(source) == 0.2
    drawn = [read_delay("uniform(10ms,50ms)")(source) for _ in range(2000)]
    assert 0.01 <= min(drawn) < 0.011 and 0.049 < max(drawn) <= 0.05
    drawn = sorted(read_delay("lognormal(50ms,0.5)")(source) for _ in range(2001))
    assert drawn[1000] == pytest.approx(0.05, rel=0.05)
    drawn = [read_delay("exponential(20ms)")(source) for _ in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(0.02, rel=0.05)


def test_growth_stops() -> None:
    by_time = read_growth("20ms/s", read_time_s, 0.1)
    assert by_time.after(2, 100) == pytest.approx(0.04)
    assert by_time.after(1000, 0) == 0.1
    by_request = read_growth("10kB/request", read_size_bytes, 25_000)
    assert [by_request.after(0, n) for n in (1, 2, 3)] == [10_000, 20_000, 25_000]
