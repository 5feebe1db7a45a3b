"""From judged criteria to the one word, the reasons behind it, and the exit code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from atlas_perf.errors import ExitCode
from atlas_perf.judge.advice import where_to_look
from atlas_perf.judge.baselines.judging import all_held, baseline_findings
from atlas_perf.judge.each_scenario import unproven
from atlas_perf.judge.no_data import refused_reason
from atlas_perf.judge.nothing_measured import nothing_measured_note
from atlas_perf.judge.validity import invalid_reasons
from atlas_perf.model.baseline import BaselineResult
from atlas_perf.model.snapshot import Snapshot
from atlas_perf.model.summary import CriterionState, ThresholdResult
from atlas_perf.model.verdict import Verdict, worst
from atlas_perf.units import NS_PER_S, format_duration


@dataclass(frozen=True, slots=True)
class Decision:
    """What a run came to.

    An interrupted run exits 130 whatever its verdict; a bug of ours (exit 70) ends the command
    before any decision.
    """

    verdict: Verdict
    reasons: tuple[str, ...]  # sentences, the decisive one first
    exit_code: ExitCode


def decide(
    results: Sequence[ThresholdResult],
    snapshot: Snapshot,
    *,
    invalid: Sequence[str],
    interrupted: bool,
    whole: bool = False,
    baselines: Sequence[BaselineResult] = (),
) -> Decision:
    """Weigh everything that is known at the end of a run.

    Args:
        results: what `Judge.evaluate` gave for this snapshot, and `with_breach` made of it.
        snapshot: the finished run. Lost workers, missing intervals, a generator that stood still,
            unbalanced ledgers and dropped iterations are read from it.
        invalid: sentences on what else takes the run's evidence away.
        interrupted: the user stopped the run.
        whole: an interrupt came when all load had been offered, and took nothing from it.
        baselines: the rows that count.
    """
    findings = [(Verdict.INVALID, sentence) for sentence in invalid]
    stopped_early = (interrupted and not whole) or any(result.aborted_run for result in results)
    findings.extend(
        (Verdict.INVALID, sentence)
        for sentence in invalid_reasons(snapshot, stopped_early=stopped_early)
    )
    findings.extend(_criteria(results, snapshot))
    findings.extend(baseline_findings(baselines))
    if not stopped_early:
        findings.extend(unproven(results, snapshot))
    note = nothing_measured_note(results, snapshot)
    if note:
        findings.append((Verdict.PASS, note))
    verdict = worst([Verdict.PASS, *(found for found, _ in findings)])
    if interrupted:
        note = f"The run was interrupted after {format_duration(snapshot.elapsed_ns)}"
        if whole:
            findings.append((Verdict.PASS, "The run was interrupted after all of its load."))
        elif verdict is Verdict.PASS:
            verdict = Verdict.INVALID
            findings.append((verdict, f"{note}: part of a run cannot pass."))
        elif verdict is not Verdict.INVALID:
            findings.append((Verdict.PASS, f"{note}."))
    return Decision(
        verdict=verdict,
        reasons=_sentences(findings, results, verdict, baselines),
        exit_code=ExitCode.INTERRUPTED if interrupted else verdict.exit_code,
    )


def with_breach(
    results: Sequence[ThresholdResult], breach: ThresholdResult | None
) -> tuple[ThresholdResult, ...]:
    """The results of a run that a threshold ended, with that one as it was judged then.

    It may hold again once the last iterations are counted; that makes it no less broken.

    Args:
        results: what `Judge.evaluate` gave at the run's end.
        breach: what `Judge.breach_to_abort` gave; None if no threshold ended the run.
    """
    if breach is None:
        return tuple(results)
    broken = replace(breach, aborted_run=True)
    return tuple(broken if _same_criterion(result, breach) else result for result in results)


def _criteria(
    results: Sequence[ThresholdResult], snapshot: Snapshot
) -> Iterator[tuple[Verdict, str]]:
    after = f"Aborted after {snapshot.elapsed_ns / NS_PER_S:.0f} s: "
    for result in sorted(results, key=lambda result: not result.aborted_run):
        if result.state is CriterionState.FAILED:
            yield Verdict.FAIL, _with_advice(result, snapshot, after if result.aborted_run else "")
        elif result.state is CriterionState.NO_DATA:
            unjudged = f"{result.selector}: {result.expression} could not be judged"
            yield Verdict.NO_DATA, f"{unjudged}: {result.reason}"
    refused = refused_reason(results, snapshot)
    if refused:
        yield Verdict.NO_DATA, refused
    if not any(ledger.completed for ledger in snapshot.ledger().values()):
        yield Verdict.NO_DATA, "No iteration completed."
    if not results:
        yield (
            Verdict.NO_DATA,
            "Nothing was judged: there is no threshold, and no default gate had a sample.",
        )


def _same_criterion(result: ThresholdResult, other: ThresholdResult) -> bool:
    """True if both are one threshold, judged at different times perhaps."""
    return (result.selector, result.expression, result.default_gate) == (
        other.selector,
        other.expression,
        other.default_gate,
    )


def _with_advice(result: ThresholdResult, snapshot: Snapshot, prefix: str = "") -> str:
    return " ".join(filter(None, (prefix + result.reason, where_to_look(result, snapshot))))


def _sentences(
    findings: Sequence[tuple[Verdict, str]],
    results: Sequence[ThresholdResult],
    verdict: Verdict,
    baselines: Sequence[BaselineResult],
) -> tuple[str, ...]:
    order = list(Verdict)
    ranked = sorted(findings, key=lambda finding: order.index(finding[0]))
    sentences = [sentence for _, sentence in ranked]
    if verdict is Verdict.PASS:
        sentences.append(_all_met(results))
        if baselines:
            sentences.append(all_held(baselines))
    # A pass too close to call is said aloud, whatever the verdict.
    sentences.extend(
        result.reason
        for result in results
        if result.state is CriterionState.PASSED and result.reason
    )
    return tuple(dict.fromkeys(sentences))


def _all_met(results: Sequence[ThresholdResult]) -> str:
    if len(results) == 1:
        return "The one criterion was met."
    return f"All {len(results)} criteria were met."
