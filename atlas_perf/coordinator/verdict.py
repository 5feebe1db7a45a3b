"""The end of a run: what the judge decides, and what only the coordinator can add."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.feed_notes import feed_invalid_reason
from atlas_perf.coordinator.measurement_notes import measurement_notes
from atlas_perf.coordinator.rate_ceiling import ceiling_reason
from atlas_perf.coordinator.run_record import RunRecord
from atlas_perf.judge.baselines.judging import BaselineJudge, invalidated
from atlas_perf.judge.calibrated import calibration_notes, calibration_reasons
from atlas_perf.judge.redact import plan_secrets, redacted
from atlas_perf.judge.row_secrets import shown_row_secrets
from atlas_perf.judge.scope import shortened_phases
from atlas_perf.judge.summarize import summarize
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.validity import miscounted_iterations
from atlas_perf.judge.verdict import decide, with_breach
from atlas_perf.model.summary import (
    Calibration,
    ExceptionSummary,
    Facts,
    OutputSummary,
    Summary,
    ThresholdResult,
)
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import format_planned
from atlas_perf.wire.plan_codec import plan_to_plain


def conclude(
    state: RunRecord,
    aggregator: Aggregator,
    judge: Judge,
    *,
    facts: Facts,
    started_at: str,
    breach: ThresholdResult | None,
    warnings: Sequence[str],
    missing: Sequence[str] = (),
    outputs: Sequence[OutputSummary] = (),
    calibration: Calibration | None = None,
    baselines: BaselineJudge | None = None,
) -> Summary:
    """Judge the finished run and make its summary.

    Args:
        breach: the threshold that ended the run, as judged then.
        warnings: what went wrong beside the measurement; said, and without weight.
        missing: sentences on what outputs of the run lack: results that were asked for.
        outputs: what became of each; one that is not whole and not missing is a warning.
        calibration: what the generator can do here, which the run is then held against.
        baselines: of the plan's scenario.
    """
    if state.load_begun:
        aggregator.finish()
    results = with_breach(judge.evaluate(aggregator), breach)
    held = None if baselines is None else baselines.judge(aggregator)
    of_baselines = () if held is None else held.as_thresholds
    decision = decide(
        results,
        aggregator,
        invalid=(
            *_invalid_reasons(state, aggregator, (*results, *of_baselines), calibration),
            *missing,
        ),
        interrupted=state.interrupted,
        whole=not (state.cut_short or state.aborted or state.lost),
        baselines=held.report.rows if held is not None and held.report.counted else (),
    )
    report = None if held is None else held.report
    if report is not None and decision.verdict is Verdict.INVALID:
        report = invalidated(report)
    summary = summarize(
        state.plan,
        aggregator,
        decision,
        results,
        started_at=started_at,
        facts=facts,
        plan_plain=plan_to_plain(state.plan),
        calibration=calibration,
        baselines=report,
    )
    notes = (*measurement_notes(aggregator), *calibration_notes(calibration, aggregator))
    lost = tuple(one.note for one in outputs if not one.complete and one.note not in missing)
    summary = _with_notes(summary, state, (*warnings, *notes, *lost))
    summary = replace(summary, outputs=redacted(tuple(outputs), plan_secrets(state.plan)))
    return redacted(summary, shown_row_secrets(state.plan.feeds, summary))


def _invalid_reasons(
    state: RunRecord,
    aggregator: Aggregator,
    results: Sequence[ThresholdResult],
    calibration: Calibration | None,
) -> Iterator[str]:
    if state.cut_short:
        planned = format_planned(state.plan.end_ns)
        if state.all_offered:
            yield (
                "The run was interrupted while its last iterations were ending, after its planned "
                f"{planned}: what was cut off is not measured to its end."
            )
        else:
            yield (
                f"The run was interrupted before its planned end of {planned}: "
                "it did not offer the load that was planned."
            )
    yield from feed_invalid_reason(state.plan, state.ran_out)
    yield from ceiling_reason(state.plan, state.too_fast)
    if not state.aborted:
        yield from shortened_phases(results)
    if not (state.cut_short or state.aborted or state.lost):
        yield from miscounted_iterations(state.plan, aggregator)
    yield from calibration_reasons(calibration, aggregator)


def _with_notes(summary: Summary, state: RunRecord, warnings: Sequence[str]) -> Summary:
    """Add what changes no verdict and must not be silent: a failed teardown, a warning."""
    notes = [*_teardown_notes(state), *(f"Warning: {warning}" for warning in warnings)]
    failures = []
    if state.teardown_failure is not None:
        failures.append(ExceptionSummary(**asdict(state.teardown_failure)))
    secrets = plan_secrets(state.plan)
    return replace(
        summary,
        reasons=(*summary.reasons, *redacted(tuple(notes), secrets)),
        exceptions=(*summary.exceptions, *redacted(tuple(failures), secrets)),
    )


def _teardown_notes(state: RunRecord) -> Iterator[str]:
    failure = state.teardown_failure
    if failure is not None:
        yield (
            f"Warning: teardown failed at {failure.file}:{failure.line} "
            f"({failure.kind}: {failure.message}); what it should undo may be left behind."
        )
    elif state.setup_interrupted and state.plan.has_setup:
        yield (
            "Warning: setup was interrupted before it returned, and teardown was not run: what "
            "setup made may be left behind."
        )
    elif state.teardown_skipped is not None and state.plan.has_teardown:
        yield (
            f"Warning: teardown did not finish, because {state.teardown_skipped}; "
            "what it should undo may be left behind."
        )
