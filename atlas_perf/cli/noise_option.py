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
from atlas_perf.model.noise import MetricNoise, Noise
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
    """Say of which metrics that gate the margin is below the noise,"""
    for one in _gating(noise, terms):
        margin = terms.error_margin if one.statistic == RATE else terms.margin
        doubt = margin_doubt(one, pairs, margin, terms.alpha)
        if doubt:
            say(f"warning: {doubt}")


def warn_of_other_conditions(noise: Noise, run: Summary) -> None:
    """Say in what the calibrated runs were made otherwise than this one."""
    here = made_with(run)
    other = [name for name, value in noise.facts.items() if here.get(name) != value]
    if other:
        say(f"warning: the noise was measured with another {other[0]}: it may not hold for these")


def held_against(noise: Noise, terms: Terms, bases: Sequence[Summary]) -> Terms:
    """The terms with what is known of runs here; a margin below it is warned of.

    Args:
        bases: one, or those of the pairs.
    """
    warn_of_other_conditions(noise, bases[0])
    if len(bases) > 1:
        warn_of_noise(noise, terms, len(bases))
        return terms
    known = [one.run_sd for one in _gating(noise, terms) if one.is_time and one.run_sd]
    return replace(terms, run_sd=max(known)) if known else terms


def _gating(noise: Noise, terms: Terms) -> list[MetricNoise]:
    """What is known of the metrics that gate: the named ones, or those of the calibration.

    Those that it knows nothing of are warned of.
    """
    if not terms.primary:
        return [one for one in noise.metrics if one.primary]
    found = []
    for primary in terms.primary:
        known = noise.of(primary.selector, primary.statistic)
        if known is None or known.pair_sd is None:
            say(f"warning: the calibration of --noise says nothing of {primary}")
        else:
            found.append(known)
    return found


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
