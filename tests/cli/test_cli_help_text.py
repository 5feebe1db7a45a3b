"""Help texts fit the terminal they are read on, and hide nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from atlas_perf.cli.help_text import list_lines, write_epilog
from atlas_perf.cli.main import cli

NARROW = 64


def _commands(group: click.Group, parent: click.Context) -> Iterator[tuple[str, click.Context]]:
    for name, command in group.commands.items():
        context = click.Context(command, info_name=name, parent=parent)
        yield context.command_path, context
        if isinstance(command, click.Group):
            yield from _commands(command, context)


def _helps(width: int) -> dict[str, str]:
    root = click.Context(
        cli, info_name="atlas-perf", terminal_width=width, help_option_names=["-h", "--help"]
    )
    contexts = {"atlas-perf": root, **dict(_commands(cli, root))}
    return {name: context.get_help() for name, context in contexts.items()}


@pytest.mark.parametrize("width", [NARROW, 80, 100])
def test_no_line_of_a_help_is_wider_than_the_terminal(width: int) -> None:
    for name, text in _helps(width).items():
        wide = [line for line in text.splitlines() if len(line) > width]
        # A word that has no space, as a URL or a quoted threshold, is never cut.
        assert [line for line in wide if " " in line.strip()] == [], name


def test_an_example_that_goes_on_is_still_one_command() -> None:
    text = _helps(NARROW)["atlas-perf ab"]
    joined = re.sub(r" \\\n +", " ", text)
    assert "ab api --base './old --port {port}' --candidate './new --port {port}'\n" in joined
    assert joined != text


def test_no_help_tells_of_a_bound_that_nobody_reaches() -> None:
    for name, text in _helps(100).items():
        assert "000000000" not in text, name
        assert "<=x" not in text, name


def test_every_help_calls_itself_the_same_and_comes_last() -> None:
    for name, text in _helps(100).items():
        options = re.findall(r"^  (-\S.*?)(?:  |$)", text, flags=re.MULTILINE)
        assert options[-1] == "-h, --help", name
        assert re.search(r"-h, --help +Show this text\.", text), name


def test_every_command_is_under_one_heading() -> None:
    named = [name for names in cli.sections.values() for name in names]
    assert sorted(named) == sorted(cli.commands)


def test_a_meaning_stands_beside_what_is_written_or_else_below_all() -> None:
    rows = [("run", "the api"), ("run smoke -u 1", "one user"), ("bench", "")]
    assert list_lines(rows, 40) == [
        "    run             the api",
        "    run smoke -u 1  one user",
        "    bench",
    ]
    assert list_lines(rows, 24) == [
        "    run",
        "        the api",
        "    run smoke -u 1",
        "        one user",
        "    bench",
    ]


def test_prose_is_wrapped_with_its_continuation_indented() -> None:
    formatter = click.HelpFormatter(width=30)
    write_epilog(formatter, "\b\nExit codes: 0 all is well,\n1 something is not.\n")
    assert formatter.getvalue() == "  Exit codes: 0 all is well, 1\n    something is not.\n"
