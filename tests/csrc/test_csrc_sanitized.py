"""The C sources once more, alone, under the address and undefined-behaviour sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CSRC = HERE.parents[1] / "csrc"
FLAGS = [
    "-std=c11",
    "-O1",
    "-g",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-ffp-contract=off",
    "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-pthread",
]


def compiler_with_sanitizers(folder: Path) -> str:
    probe = folder / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    for name in ("gcc", "clang", "cc"):
        path = shutil.which(name)
        if path is None:
            continue
        command = [path, *FLAGS, str(probe), "-o", str(folder / "probe")]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return path
    pytest.skip("no C compiler with address and undefined-behaviour sanitizers")


@pytest.mark.parametrize(
    ("driver", "arguments"), [("laws", []), ("fuzz_codec", ["20000"]), ("null_answers", ["100"])]
)
def test_the_driver_runs_clean(driver, arguments, tmp_path):
    compiler = compiler_with_sanitizers(tmp_path)
    program = tmp_path / driver
    sources = [str(HERE / f"{driver}.c"), *map(str, sorted(CSRC.glob("*.c")))]
    built = subprocess.run(
        [compiler, *FLAGS, f"-I{CSRC}", *sources, "-lm", "-o", str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


def test_the_c_sources_know_no_python():
    for source in CSRC.iterdir():
        assert "Python.h" not in source.read_text(), source.name
