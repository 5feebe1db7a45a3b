"""`--noise`: what an A/A calibration found, for a comparison to be held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from atlas_perf.cli.comparison_options import JUDGED
from atlas_perf.cli.sections import SectionOption
from atlas_perf.cli.streams import say
from atlas_perf.errors import UsageError
from atlas_perf.judge.comparison.likeness import made_with
from atlas_perf.judge.comparison.noise import margin_doubt
from atlas_perf.model.comparison import RATE, Terms
from atlas_perf.model.noise import Noise
from atlas_perf.model.summary import Summary
from atlas_perf.report.errors import SummaryFormatError
from atlas_perf.report.noise import NOISE_FILE, noise_from_json

NOISE = click.option(
    "--noise",
    cls=SectionOption,
    section=JUDGED,
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="What 'atlas-perf calibrate' found here: a margin below it is warned of, and one run per "
    "side is taken to differ by it.",
)


def warn_of_noise(noise: Noise, terms: Terms, pairs: int) -> None:
    """Say of which metrics the margin is below the noise."""
    for one in noise.metrics:
        if one.primary:
            margin = terms.error_margin if one.statistic == RATE else terms.margin
            doubt = margin_doubt(one, pairs, margin, terms.alpha)
            if doubt:
                say(f"warning: {doubt}")


def held_against(noise: Noise, terms: Terms, bases: Sequence[Summary]) -> Terms:
    """The terms with what is known of runs here; a margin below it is warned of.

    Args:
        bases: one, or those of the pairs.
    """
    here = made_with(bases[0])
    other = [name for name, value in noise.facts.items() if here.get(name) != value]
    if other:
        say(f"warning: the noise was measured with another {other[0]}: it may not hold for these")
    if len(bases) > 1:
        warn_of_noise(noise, terms, len(bases))
        return terms
    known = [one.run_sd for one in noise.metrics if one.primary and one.is_time and one.run_sd]
    return replace(terms, run_sd=max(known)) if known else terms


def read_noise(path: Path) -> Noise:
    """The noise in a file, or in the folder of a calibration.

    Raises:
        UsageError: there is none, or it cannot be read.
    """
    file = path / NOISE_FILE if path.is_dir() else path
    try:
        return noise_from_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--noise {file}: {error.strerror or error}") from None
    except (SummaryFormatError, UnicodeDecodeError) as error:
        raise UsageError(f"--noise {file}: {error}") from None
