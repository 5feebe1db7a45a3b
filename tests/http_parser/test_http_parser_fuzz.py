"""The fuzzer's short run, and that it sees what it is there for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.fuzz_http", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_200000_executions_are_clean() -> None:
    run = fuzz("--executions", "200000")
    assert run.returncode == 0, run.stderr
    assert "200000 executions clean" in run.stdout


def test_a_read_beyond_the_end_is_seen(tmp_path: Path) -> None:
    for source in (CHECKOUT / "csrc").glob("http_*"):
        shutil.copy(source, tmp_path)
    faulty = tmp_path / "http_bytes.h"
    sound = faulty.read_text()
    faulty.write_text(sound.replace("while (end - at >= 8) {", "while (end - at >= 7) {"))
    assert faulty.read_text() != sound
    run = fuzz("--executions", "20000", "--sources", str(tmp_path))
    assert run.returncode == 1
    assert "AddressSanitizer" in run.stderr
    assert "input, " in run.stderr
