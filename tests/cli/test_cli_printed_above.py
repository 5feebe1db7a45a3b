"""What a scenario prints on a terminal that is redrawn is seen in whole, above the drawing."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

# Another process writes a word without its end, as a worker may; then one is left behind that
# holds the terminal open, which is not waited for.
PRINTING = """
import subprocess, sys
from atlas_perf.cli.printed_above import PrintedAbove
told = []
caught = PrintedAbove(told.append)
with caught:
    subprocess.run([sys.executable, "-c", "print('one'); print('two', end='')"], check=True)
    print("to stderr", file=sys.stderr)
    print("to stdout", end="", flush=True)
    left = subprocess.Popen(["sleep", "600"])
    caught.terminal.write("around\\n")
    caught.terminal.flush()
caught.terminal.close()
left.kill(); left.wait()
print("after", "|".join(told).split("\\n"))
"""

DRAWING = """
import subprocess, sys
from dataclasses import replace
from atlas_perf.cli.live_display import LiveDisplay
from atlas_perf.model.progress import Progress, RunPhase
reading = Progress(RunPhase.RUNNING, 1.0, 9.0, 3, 3, 7, 0, 9, 1.0, 0, 5.0, 0, 1, 1)
with LiveDisplay("api") as display:
    display.update(reading)
    subprocess.run([sys.executable, "-c", "print('printed by a worker')"], check=True)
    display.update(replace(reading, elapsed_s=2.0))
"""


def on_a_terminal(code: str, columns: int, **streams: int) -> str:
    """What a terminal of this width receives from a Python program."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    variables = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    streams = {"stdin": subprocess.DEVNULL, "stdout": theirs, "stderr": theirs, **streams}
    with subprocess.Popen(
        [sys.executable, "-c", code], env={**variables, "TERM": "xterm"}, **streams
    ) as program:
        os.close(theirs)
        received = b""
        while chunk := _read(ours):
            received += chunk
    os.close(ours)
    assert program.returncode == 0, received.decode()
    return received.decode()


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65_536)
    except OSError:  # as a terminal ends
        return b""


def test_everything_printed_is_told_in_lines_and_the_terminal_is_back_afterwards() -> None:
    shown = on_a_terminal(PRINTING, 80).splitlines()
    assert shown[0] == "around"
    told = "".join(shown[1:])
    assert told.startswith("after ['one")
    assert [told.count(part) for part in ("two", "to stderr", "to stdout")] == [1, 1, 1]


def test_the_drawing_stands_below_what_was_printed_and_is_as_wide_as_the_terminal() -> None:
    received = on_a_terminal(DRAWING, 52)
    before, printed, after = received.partition("printed by a worker\r\n")
    assert printed, received
    assert "\x1b[2K" in before[before.rindex("running  1s of 9s") :]  # erased first
    assert "s of 9s" in after  # drawn again below, with whichever reading is there by now
    assert "running  2s of 9s" in received
    bar_columns = max(line.count("━") for line in received.splitlines())
    assert 0 < bar_columns < 52 - len("api  running  1s of 9s, 8s left")


def test_what_goes_to_a_file_is_left_alone(tmp_path) -> None:
    with (tmp_path / "out.txt").open("wb") as file:
        received = on_a_terminal(DRAWING, 80, stdout=file.fileno())
    assert "printed by a worker" not in received
    assert (tmp_path / "out.txt").read_text() == "printed by a worker\n"
