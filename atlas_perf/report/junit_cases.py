"""JUnit XML of whatever was judged, case by case.

What CI systems show of it: a failure is a criterion that was not met, an error one that could not
be judged, and a skipped case one that says nothing either way. The format is that of Ant's task;
https://docs.gitlab.com/ci/testing/unit_test_reports/ says which parts GitLab reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree as ET

from atlas_perf.model.summary import CriterionState
from atlas_perf.report.criterion_text import CriterionText

# What XML 1.0 cannot hold at all, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Outcome(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a CI system's list of tests."""

    group: str
    name: str
    file: str
    outcome: Outcome = Outcome.PASSED
    message: str = ""
    text: str = ""
    seconds: float = 0.0


def case_of(
    criterion: CriterionText, *, group: str, file: str, proves_nothing: bool = False
) -> Case:
    """A judged criterion: value, limit, margin, and what to look at.

    Args:
        proves_nothing: of a run that is invalid, whose met criteria are no pass.
    """
    account = (
        f"value: {criterion.value}\nlimit: {criterion.name}\n"
        f"margin: {criterion.margin or 'none'}\n{criterion.reason}".rstrip()
    )
    case = Case(group, criterion.name, file, text=account)
    match criterion.state:
        case CriterionState.PASSED if proves_nothing:
            said = "the run is invalid: that this was met proves nothing"
            return Case(group, criterion.name, file, Outcome.SKIPPED, said)
        case CriterionState.PASSED:
            return case
        case CriterionState.FAILED:
            outcome, said = Outcome.FAILED, f"{criterion.value} breaks {criterion.name}"
        case CriterionState.NO_DATA:
            outcome, said = Outcome.ERROR, f"{criterion.name} could not be judged"
    return Case(group, criterion.name, file, outcome, said, account)


def junit_text(
    title: str, cases: Sequence[Case], *, seconds: float = 0.0, started_at: str = ""
) -> str:
    """The text of a `junit.xml` of one suite."""
    suites = ET.Element("testsuites", {"name": "atlas-perf"})
    suite = ET.SubElement(suites, "testsuite", {"name": _clean(title)})
    suite.extend(map(_element, cases))
    outcomes = [case.outcome for case in cases]
    kinds = {"failures": Outcome.FAILED, "errors": Outcome.ERROR, "skipped": Outcome.SKIPPED}
    counts = {"tests": str(len(cases))}
    counts |= {name: str(outcomes.count(kind)) for name, kind in kinds.items()}
    suite.attrib.update(counts)
    suite.set("time", f"{seconds:.3f}")
    if started_at:
        suite.set("timestamp", started_at[:19])
    suites.attrib.update({key: counts[key] for key in ("tests", "failures", "errors")})
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=False) + "\n"


def _element(case: Case) -> ET.Element:
    element = ET.Element(
        "testcase",
        {
            "classname": _clean(case.group),
            "name": _clean(case.name),
            "file": _clean(case.file),
            "time": f"{case.seconds:.3f}" if case.seconds else "0",
        },
    )
    if case.outcome is not Outcome.PASSED:
        inner = ET.SubElement(element, case.outcome.value, {"message": _clean(case.message)})
        if case.outcome is not Outcome.SKIPPED:
            inner.set("type", case.outcome.value)
        inner.text = _clean(case.text) or None
    elif case.text:
        ET.SubElement(element, "system-out").text = _clean(case.text)
    return element


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
