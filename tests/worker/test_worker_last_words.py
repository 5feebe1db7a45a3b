"""What a worker that stands still can say without its event loop."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from atlas_perf.worker.last_words import LastWords, LastWordsReader
from atlas_perf.worker.stall_log import Sighting


def sighting(due_ns: int, code: str = "while True: pass") -> Sighting:
    return Sighting(due_ns, "somewhere/shop.py", 14, code, "", in_scenario=True)


@pytest.fixture
def pipe() -> Iterator[tuple[LastWords, LastWordsReader, int]]:
    read, write = os.pipe()
    reader = LastWordsReader(read)
    yield LastWords(write), reader, write
    os.close(write)
    reader.close()


def test_the_newest_place_is_told(pipe) -> None:
    words, reader, _ = pipe
    words.leave(sighting(1_000, "time.sleep(3)"))
    words.leave(sighting(9_000))
    assert reader.since(8_000) == "shop.py:14 (while True: pass)"


def test_one_that_it_has_left_since_is_not(pipe) -> None:
    words, reader, _ = pipe
    words.leave(sighting(1_000))
    assert reader.since(8_000) is None


def test_nothing_said_is_nothing_told(pipe) -> None:
    _, reader, _ = pipe
    assert reader.since(0) is None


def test_a_pipe_that_nobody_reads_holds_up_no_worker(pipe) -> None:
    words, reader, write = pipe
    for _ in range(100):
        words.leave(sighting(1_000, "x" * 3_000))
    with pytest.raises(BlockingIOError):
        os.write(write, b"x" * 65_536)
    assert reader.since(0) is not None


def test_a_reader_that_is_gone_ends_no_worker() -> None:
    read, write = os.pipe()
    os.close(read)
    LastWords(write).leave(sighting(1_000))
    os.close(write)
