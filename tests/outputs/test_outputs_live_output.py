"""Live outputs beside receivers that are slow, dead, hanging or wrong: the run goes on."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from made_batches import ANCHOR, REQS, SERIES, T0_NS, batch, counted, feed, test_plan

from atlas_perf.outputs.backlog import ROOM
from atlas_perf.outputs.courier import Pace, Undelivered
from atlas_perf.outputs.live_output import LiveOutput
from atlas_perf.outputs.period import Period
from atlas_perf.units import NS_PER_S

QUICK = Pace(first_pause_s=0.001, longest_pause_s=0.002, give_up_after_s=0.05, flush_s=30)


class Listed:
    """A receiver that keeps what it is sent; the names are of what is to go wrong."""

    def __init__(self, *troubles: Undelivered | None) -> None:
        self.troubles = list(troubles)
        self.arrived: list[str] = []
        self.tries = 0
        self.closed = 0

    def open(self, zero_unix_ns: int) -> None:
        self.zero_unix_ns = zero_unix_ns

    def encode(self, period: Period) -> Sequence[bytes]:
        return [f"{period.end_ns // NS_PER_S}:{period.seconds}".encode()]

    def send(self, payload: bytes) -> None:
        self.tries += 1
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None:
            raise trouble
        self.arrived.append(payload.decode())

    def close(self) -> str:
        self.closed += 1
        return ""


def seconds(count: int) -> list:
    return [batch(second, counted(REQS, 1)) for second in range(count)]


def passing(why: str = "Connection refused") -> Undelivered:
    return Undelivered(why, passing=True)


def test_every_second_is_delivered_in_order():
    receiver = Listed()
    output = LiveOutput("kind=there", receiver, pace=QUICK)
    assert feed(output, seconds(4)) is None
    assert receiver.arrived == ["1:1", "2:1", "3:1", "4:1"]
    assert receiver.zero_unix_ns == ANCHOR.unix_ns
    told = output.told()
    assert (told.complete, told.seconds, told.lost_seconds) == (True, 4, 0)
    assert told.note == "--out kind=there: 4 of 4 seconds were delivered."
    assert receiver.closed == 1


def test_a_failure_that_passes_costs_nothing():
    receiver = Listed(passing(), passing())
    output = LiveOutput("kind=there", receiver, pace=Pace(first_pause_s=0.001))
    output.start(test_plan(), ANCHOR, T0_NS)
    for one in seconds(2):
        output.on_batch(one, SERIES.__getitem__)
    until(lambda: receiver.arrived == ["1:1"])
    assert output.close() is None
    assert output.told().complete
    assert receiver.arrived == ["1:1", "2:1"]
    assert receiver.tries == 4


def until(holds) -> None:
    """Wait for another thread, however long it takes."""
    pause = threading.Event()
    while not holds():
        pause.wait(0.001)


def test_what_is_refused_for_good_is_not_sent_again():
    receiver = Listed(Undelivered("it answered 400 Bad Request", passing=False))
    output = LiveOutput("kind=there", receiver, pace=QUICK)
    output.start(test_plan(), ANCHOR, T0_NS)
    for one in seconds(2):
        output.on_batch(one, SERIES.__getitem__)
    until(lambda: receiver.tries == 1)
    for one in seconds(4)[2:]:
        output.on_batch(one, SERIES.__getitem__)
    assert output.close() is None
    assert receiver.arrived == ["2:1", "3:1", "4:1"]
    assert output.told().note == (
        "--out kind=there: 3 of 4 seconds were delivered, 1 were lost: it answered 400 Bad Request."
    )
    assert not output.told().complete


def test_a_dead_receiver_loses_all_and_the_run_ends_at_once():
    receiver = Listed(*[passing()] * 1_000)
    output = LiveOutput("kind=there", receiver, pace=QUICK)
    assert feed(output, seconds(100)) is None
    told = output.told()
    assert (told.seconds, told.lost_seconds) == (100, 100)
    assert told.note.endswith("0 of 100 seconds were delivered, 100 were lost: Connection refused.")


class Hanging(Listed):
    """It takes the first payload and says nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.holding = threading.Event()
        self.let_go = threading.Event()

    def send(self, payload: bytes) -> None:
        self.holding.set()
        assert self.let_go.wait(60)
        super().send(payload)


def test_a_hanging_receiver_is_left_behind_and_memory_stays_bounded():
    receiver = Hanging()
    output = LiveOutput("kind=there", receiver, pace=Pace(flush_s=0.05))
    output.start(test_plan(), ANCHOR, T0_NS)
    for one in seconds(2):
        output.on_batch(one, SERIES.__getitem__)
    assert receiver.holding.wait(30)
    for one in seconds(500)[2:]:
        output.on_batch(one, SERIES.__getitem__)
        assert len(output._backlog._waiting) <= ROOM
    assert output.close() is None
    assert "500 were lost: it did not answer in time" in output.told().note
    receiver.let_go.set()
    output._courier._thread.join(30)
    assert output.told().seconds == 500


def test_who_has_no_time_leaves_a_hanging_receiver_behind():
    receiver = Hanging()
    output = LiveOutput("kind=there", receiver, pace=Pace(flush_s=3_600, hurried_flush_s=0.001))
    output.start(test_plan(), ANCHOR, T0_NS)
    for one in seconds(2):
        output.on_batch(one, SERIES.__getitem__)
    assert receiver.holding.wait(30)
    closing = threading.Thread(target=output.close, daemon=True)
    closing.start()
    assert output.awaited() == "up to 3600 s for kind=there to take what is left"
    output.hurry()
    closing.join(30)
    assert not closing.is_alive()
    assert "2 were lost: it did not answer in time" in output.told().note
    receiver.let_go.set()


def test_who_has_no_time_still_delivers_to_a_receiver_that_is_well():
    receiver = Listed()
    output = LiveOutput("kind=there", receiver, pace=Pace(hurried_flush_s=30))
    output.hurry()
    assert feed(output, seconds(4)) is None
    assert output.told().complete


def test_a_receiver_that_was_slow_for_a_while_has_all_in_the_end():
    receiver = Hanging()
    output = LiveOutput("kind=there", receiver, pace=Pace(flush_s=30))
    output.start(test_plan(), ANCHOR, T0_NS)
    for one in seconds(100):
        output.on_batch(one, SERIES.__getitem__)
    assert receiver.holding.wait(30)
    receiver.let_go.set()
    assert output.close() is None
    told = output.told()
    assert told.complete
    assert 0 < told.merged_seconds < 100
    assert sum(int(one.partition(":")[2]) for one in receiver.arrived) == 100
    assert "came merged into longer ones, as the receiver was slow" in told.note


class Broken(Listed):
    def encode(self, period: Period) -> Sequence[bytes]:
        raise ZeroDivisionError("our bug")


def test_a_bug_in_an_output_is_said_and_ends_no_run():
    output = LiveOutput("kind=there", Broken(), pace=QUICK)
    assert feed(output, seconds(3)) is None
    assert "0 of 3 seconds were delivered, 3 were lost: it broke: ZeroDivisionError: our bug" in (
        output.told().note
    )


class ClosedBadly(Listed):
    def close(self) -> str:
        raise OSError("No space left on device")


def test_a_receiver_that_cannot_be_closed_is_said_and_not_waited_for():
    output = LiveOutput("kind=there", ClosedBadly(), pace=Pace(flush_s=3_600))
    assert feed(output, seconds(3)) is None
    assert output._courier.failure == "it broke: OSError: No space left on device"


@pytest.mark.parametrize("required", [False, True])
def test_only_what_is_required_makes_the_run_invalid(required):
    receiver = Listed(*[passing("No space left on device")] * 1_000)
    output = LiveOutput("kind=there", receiver, required=required, pace=QUICK)
    missing = feed(output, seconds(2))
    assert missing == (output.told().note if required else None)


def test_an_output_that_was_never_started_closes_quietly():
    assert LiveOutput("kind=there", Listed()).close() is None
