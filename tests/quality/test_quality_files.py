"""Files stay small, free of left-overs, and know nothing of the machine they were written on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from longest_first import LONGEST_FIRST

CEILINGS = {".py": 400, ".pyx": 600}

# Written in two pieces so that this file does not find itself.
_FOREIGN = re.compile("|".join(["/work" + "/", "/root" + "/", "/home" + r"/\w", "/Users" + r"/\w"]))
_BEGINNING = re.compile(r"(#.*\n|\n)*\w?\"\"\"\S")
_LEFT_OVER = re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + r"X)\b")


def texts(files: list[Path]) -> list[tuple[Path, str]]:
    found = []
    for file in files:
        try:
            found.append((file, file.read_text(encoding="utf-8")))
        except UnicodeDecodeError:  # test data may be bytes
            continue
    return found


def lines_matching(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    return [
        f"{file}:{number}: {line.strip()}"
        for file, text in texts(files)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_outgrows_its_ceiling(own_files: list[Path]) -> None:
    lengths = {
        file: len(file.read_text().splitlines()) for file in own_files if file.suffix in CEILINGS
    }
    assert len(lengths) > 50
    assert {file: n for file, n in lengths.items() if n > CEILINGS[file.suffix]} == {}


def test_no_file_names_a_place_on_somebodys_machine(own_files: list[Path]) -> None:
    assert lines_matching(_FOREIGN, own_files) == []


def test_nothing_is_left_for_later(own_files: list[Path]) -> None:
    assert lines_matching(_LEFT_OVER, own_files) == []


def test_the_searches_find_what_they_look_for(tmp_path: Path) -> None:
    file = tmp_path / "notes.py"
    file.write_text("cache = '/ro" + "ot/.cache'\n# TO" + "DO: later\nmethod = 1\n")
    assert [line.rpartition(":")[2] for line in lines_matching(_FOREIGN, [file])]
    assert len(lines_matching(_LEFT_OVER, [file])) == 1


def test_no_generated_file_is_committed(own_files: list[Path], checkout: Path) -> None:
    package = checkout / "atlas_perf"
    generated = {".c", ".so", ".html", ".pyc"}
    assert [f for f in own_files if f.is_relative_to(package) and f.suffix in generated] == []


def test_every_package_is_shipped(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    package = checkout / "atlas_perf"
    folders = [package, *(path for path in package.rglob("*") if path.is_dir())]
    expected = {
        ".".join(folder.relative_to(checkout).parts)
        for folder in folders
        if any(folder.glob("*.py"))
    } | {
        ".".join(("atlas_perf", *folder.relative_to(checkout).parts))
        for folder in [checkout / "scenarios", *(checkout / "scenarios").rglob("*")]
        if folder.is_dir() and any(folder.glob("*.py"))
    }
    assert set(project["tool"]["setuptools"]["packages"]) == expected


def test_what_is_begun_first_is_there(checkout: Path) -> None:
    assert [name for name in LONGEST_FIRST if not (checkout / "tests" / name).is_file()] == []
    assert len(set(LONGEST_FIRST)) == len(LONGEST_FIRST)


def test_every_module_begins_with_its_one_idea(checkout: Path) -> None:
    modules = [
        file for kind in ("py", "pyx") for file in (checkout / "atlas_perf").rglob(f"*.{kind}")
    ]
    modules += (checkout / "scenarios").rglob("*.py")
    assert len(modules) > 300
    assert [file for file in modules if not _BEGINNING.match(file.read_text())] == []
