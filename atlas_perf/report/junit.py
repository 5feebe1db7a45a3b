"""JUnit XML of a run: one case for each criterion, and one for whether the run proves anything."""

from __future__ import annotations

from dataclasses import replace

from atlas_perf.model.summary import Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.criterion_text import criteria_texts
from atlas_perf.report.generator_text import generator_sentences
from atlas_perf.report.junit_cases import Case, Outcome, case_of, junit_text

VALIDITY = "the run is valid"


def junit_xml(summary: Summary) -> str:
    """The text of `junit.xml`."""
    proves_nothing = summary.verdict is Verdict.INVALID
    cases = [
        case_of(
            criterion,
            group=f"{summary.name}.{criterion.group}",
            file=summary.file,
            proves_nothing=proves_nothing,
        )
        for criterion in criteria_texts(summary)
    ]
    first = validity_case(
        f"{summary.name}.verdict", summary.file, summary.reasons if proves_nothing else None
    )
    account = "\n".join(filter(None, [first.text, *generator_sentences(summary)]))
    return junit_text(
        f"atlas-perf {summary.name}",
        [replace(first, seconds=summary.measured_s, text=account), *cases],
        seconds=summary.measured_s,
        started_at=summary.started_at,
    )


def validity_case(group: str, file: str, reasons: tuple[str, ...] | None) -> Case:
    """Whether a run proves anything. Args: reasons: why not; None if it does."""
    if reasons is None:
        return Case(group, VALIDITY, file)
    said = "INVALID: the run proves nothing"
    return Case(group, VALIDITY, file, Outcome.ERROR, said, " ".join(reasons))
