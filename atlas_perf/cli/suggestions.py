"""What someone probably meant who wrote a name that does not exist."""

from __future__ import annotations

from collections.abc import Sequence

import click

from atlas_perf.choices import did_you_mean
from atlas_perf.loader.names import shipped_scenarios


class SuggestingCommand(click.Command):
    """A command whose unknown options are answered with the nearest one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise _unknown_option(self, error, ctx) from error
        except click.MissingParameter as error:
            raise _missing(error, ctx) from error
        except click.BadOptionUsage as error:
            raise _without_value(self, error, ctx) from error


class SuggestingChoice(click.Choice[str]):
    """A choice whose unknown values are answered with the nearest one."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            sentence = error.message.rstrip(".") + did_you_mean(str(value), self.choices)
            raise click.BadParameter(sentence, ctx, param) from None


class SuggestingGroup(click.Group):
    """A group whose unknown commands and options are answered with the nearest one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise _unknown_option(self, error, ctx) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if self.get_command(ctx, word) is None and not ctx.resilient_parsing:
            raise click.UsageError(_unknown_command(word, self.list_commands(ctx)), ctx)
        return super().resolve_command(ctx, args)


def _unknown_command(word: str, known: Sequence[str]) -> str:
    if word in shipped_scenarios() or word.endswith(".py"):
        return f"no such command '{word}'; to run this scenario write 'atlas-perf run {word}'"
    return f"no such command '{word}'{did_you_mean(word, known)}"


def _missing(error: click.MissingParameter, ctx: click.Context) -> click.UsageError:
    """In one line; click puts each choice on one of its own."""
    what = error.param.get_error_hint(ctx) if error.param is not None else "something"
    kind = "option" if isinstance(error.param, click.Option) else "argument"
    return click.UsageError(f"missing {kind} {what}", ctx)


def _without_value(
    command: click.Command, error: click.BadOptionUsage, ctx: click.Context
) -> click.UsageError:
    """Say what an option is to be followed by."""
    for param in command.get_params(ctx):
        if (
            isinstance(param, click.Option)
            and error.option_name in param.opts
            and not param.is_flag
        ):
            value = param.make_metavar(ctx)
            return click.UsageError(
                f"{error.option_name} needs a value: write {error.option_name} {value}", ctx
            )
    return error


def _unknown_option(
    command: click.Command, error: click.NoSuchOption, ctx: click.Context
) -> click.UsageError:
    options = [param for param in command.get_params(ctx) if isinstance(param, click.Option)]
    known = [text for option in options for text in option.opts]
    unknown = error.option_name
    # One letter is like no word: what begins with it is meant.
    longer = [text for text in known if len(unknown) == 2 and text.startswith(f"-{unknown}")]
    hint = f": did you mean '{longer[0]}'?" if longer else did_you_mean(unknown, known)
    return click.UsageError(f"no such option '{unknown}'{hint}", ctx)
