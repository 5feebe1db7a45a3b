"""The documentation is whole: what there is has its place, and every link leads somewhere."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from import_rules import LAYERS, OWNERS, PROGRAMS

from atlas_perf.cli.main import cli

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
ARCHITECTURE = DOCS / "architecture.md"
CHANGELOG = CHECKOUT / "CHANGELOG.md"
PAGES = sorted(
    [
        *(CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        CHECKOUT / "benchmarks" / "README.md",
        *DOCS.rglob("*.md"),
    ]
)

_LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")
_CODE_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The fragments that GitLab and GitHub give the headings of a page."""
    found: Counter[str] = Counter()
    names = set()
    for heading in re.findall(r"^#+ (.*)$", _CODE_BLOCK.sub("", page.read_text()), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip().lower())
        name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        names.add(f"{name}-{found[name]}" if found[name] else name)
        found[name] += 1
    return names


def dead_links(page: Path) -> Iterator[str]:
    for path, anchor in _LINK.findall(page.read_text()):
        place = (page.parent / path).resolve() if path else page
        if not place.exists():
            yield f"{page.name}: {path}"
        elif anchor and anchor not in anchors(place):
            yield f"{page.name}: {path}#{anchor}"


def test_every_link_leads_to_a_page_and_a_heading() -> None:
    assert len(PAGES) > 40
    assert [link for page in PAGES for link in dead_links(page)] == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One\n```\n# none\n```\n[a](#one) [b](#none) [c](gone.md)\n## One\n[d](#one-1)\n"
    )
    assert list(dead_links(page)) == ["page.md: #none", "page.md: gone.md"]


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, next_ones = set(), {CHECKOUT / "README.md"}
    while next_ones:
        page = next_ones.pop()
        reached.add(page)
        linked = {(page.parent / path).resolve() for path, _ in _LINK.findall(page.read_text())}
        next_ones |= {each for each in linked if each.suffix == ".md"} - reached
    assert [page.name for page in PAGES if page not in reached] == []


def test_contributors_are_sent_to_files_that_are_there() -> None:
    told = (CHECKOUT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"(?:atlas_perf|tests|docs|benchmarks)/[\w/-]+(?:\.\w+|/)?", told))
    assert len(named) > 40
    assert [name for name in named if not (CHECKOUT / name).exists()] == []


def test_every_schema_is_listed() -> None:
    told = (DOCS / "results.md").read_text()
    assert [s.name for s in (DOCS / "schemas").iterdir() if f"(schemas/{s.name})" not in told] == []


def test_the_architecture_has_every_package_at_its_level() -> None:
    told = ARCHITECTURE.read_text()
    rows = re.findall(r"^\| (\d) \| ((?:`\w+/?`(?:, )?)+) \|", told, re.MULTILINE)
    levels = {part: int(n) for n, parts in rows for part in re.findall(r"`(\w+)/?`", parts)}
    assert levels == {
        part: level for level, layer in enumerate(reversed(LAYERS)) for part in layer - {"__main__"}
    }
    assert PROGRAMS.isdisjoint(levels)


def test_the_architecture_names_every_folder_of_the_package() -> None:
    told = ARCHITECTURE.read_text()
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    folders = [
        name.removeprefix("atlas_perf.").replace(".", "/")
        for name in project["tool"]["setuptools"]["packages"]
        if name != "atlas_perf"
    ]
    assert [folder for folder in folders if f"`{folder}/`" not in told] == []


def test_the_architecture_says_who_knows_each_library() -> None:
    rows = re.findall(r"^\| ([\w, ()]+) \| ((?:`\w+`(?:, )?)+) \|$", ARCHITECTURE.read_text(), re.M)
    told = {
        library: frozenset(re.findall(r"`(\w+)`", parts))
        for libraries, parts in rows
        for library in re.sub(r" \(.*?\)", "", libraries).split(", ")
    }
    assert told == OWNERS


def options(command: click.Command, name: str) -> Iterator[tuple[str, list[str]]]:
    """Each option of a command and of those below it, by all its spellings."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield f"{name} {parameter.opts[0]}", [*parameter.opts, *parameter.secondary_opts]
    if isinstance(command, click.Group):
        for below, each in command.commands.items():
            yield from options(each, f"{name} {below}".strip())


def test_every_option_is_explained_on_some_page() -> None:
    told = "\n".join(page.read_text() for page in PAGES)
    found = list(options(cli, ""))
    assert len(found) > 100
    assert [
        name
        for name, spellings in found
        if not any(re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", told) for each in spellings)
    ] == []


def test_every_command_has_a_heading_on_the_page_of_the_command_line() -> None:
    headings = re.findall(r"^## (.*)$", (DOCS / "command-line.md").read_text(), re.MULTILINE)
    told = {word for heading in headings for word in heading.split(", ")}
    assert [name for name in cli.commands if name not in told] == []


@pytest.mark.parametrize("line", ["- Twice.", "### Added"])
def test_the_changelog_says_nothing_twice(line: str) -> None:
    """Merges unite it line by line, so that a line which both sides have moved comes twice."""
    released = CHANGELOG.read_text().split("\n## ")
    for release in released:
        assert twice(release) == []
    assert twice(f"{line}\n{released[1]}\n{line}\n") == [line]


def twice(text: str) -> list[str]:
    return [line for line, n in Counter(text.splitlines()).items() if n > 1 and line.strip()]
