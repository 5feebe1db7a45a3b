"""Texts on their way to a disk that is slow, full or hanging."""

from __future__ import annotations

import gzip
import threading

from atlas_perf.outputs import file_writer
from atlas_perf.outputs.file_writer import FileWriter, GzipFile, PlainFile


class Hanging:
    """Takes a text and says nothing until it is let go."""

    def __init__(self) -> None:
        self.holding = threading.Event()
        self.let_go = threading.Event()
        self.closed = threading.Event()
        self.texts: list[bytes] = []

    def write(self, text: bytes) -> None:
        self.holding.set()
        assert self.let_go.wait(60)
        self.texts.append(text)

    def close(self) -> None:
        self.closed.set()


def test_texts_are_written_in_their_order(tmp_path):
    for sink, read in ((PlainFile, bytes), (GzipFile, gzip.decompress)):
        writer = FileWriter(sink(tmp_path / "a"))
        for number in range(100):
            writer.put(b"%d\n" % number, 1)
        writer.finish()
        assert (writer.failure, writer.lost) == (None, 0)
        assert read((tmp_path / "a").read_bytes()) == b"".join(b"%d\n" % n for n in range(100))


def test_what_comes_faster_than_it_can_be_written_is_counted_and_never_waited_for():
    sink = Hanging()
    writer = FileWriter(sink, room_bytes=10)
    for _ in range(20):
        writer.put(b"x", 3)
    assert writer.lost == 30
    sink.let_go.set()
    writer.finish(60)
    assert (writer.failure, writer.lost, sink.texts) == (None, 30, [b"x"] * 10)
    assert sink.closed.is_set()


def test_one_text_that_is_larger_than_all_room_is_written():
    sink = Hanging()
    sink.let_go.set()
    writer = FileWriter(sink, room_bytes=10)
    writer.put(b"x" * 100, 1)
    writer.finish(60)
    assert writer.lost == 0


def test_a_disk_that_hangs_is_left_behind():
    sink = Hanging()
    writer = FileWriter(sink)
    for _ in range(4):
        writer.put(b"x", 2)
    assert sink.holding.wait(30)
    writer.finish(0.001)
    assert (str(writer.failure), writer.lost) == ("it was not done in time", 8)
    writer.put(b"x", 5)
    assert writer.lost == 13
    sink.let_go.set()
    assert sink.closed.wait(30)
    assert sink.texts == [b"x"]  # nothing more is written after the end was told


def test_who_has_no_time_waits_for_no_disk_that_hangs(monkeypatch):
    sink = Hanging()
    writer = FileWriter(sink)
    writer.put(b"x", 2)
    monkeypatch.setattr(file_writer, "HURRIED_WAIT_S", 0.001)
    ending = threading.Thread(target=writer.finish, args=(3_600,), daemon=True)
    ending.start()
    writer.hurry()
    ending.join(30)
    assert not ending.is_alive()
    assert writer.lost == 2
    sink.let_go.set()


def test_who_has_no_time_has_what_a_disk_that_is_well_takes(tmp_path):
    writer = FileWriter(PlainFile(tmp_path / "a"))
    writer.hurry()
    writer.put(b"x", 2)
    writer.finish(60)
    assert (writer.failure, writer.lost, (tmp_path / "a").read_bytes()) == (None, 0, b"x")
