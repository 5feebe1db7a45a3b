"""JUnit XML of a run: one case for each criterion, and one for whether the run proves anything.

What CI systems show of it: a failure is a criterion that was not met, an error one that could not
be judged or a run that is invalid, and a skipped case one that an invalid run says nothing about.
The format is that of Ant's task; https://docs.gitlab.com/ci/testing/unit_test_reports/ says which
parts GitLab reads.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from atlas_perf.model.summary import CriterionState, Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.criterion_text import CriterionText, criteria_texts
from atlas_perf.report.generator_text import generator_sentences

VALIDITY = "the run is valid"

# What XML 1.0 cannot hold at all, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(summary: Summary) -> str:
    """The text of `junit.xml`."""
    suites = ET.Element("testsuites", {"name": "atlas-perf"})
    suite = ET.SubElement(suites, "testsuite", {"name": _clean(f"atlas-perf {summary.name}")})
    suite.append(_validity(summary))
    proves_nothing = summary.verdict is Verdict.INVALID
    for criterion in criteria_texts(summary):
        case = _case(summary, criterion.group, criterion.name)
        _tell(case, criterion, proves_nothing=proves_nothing)
        suite.append(case)
    counts = _counts(suite)
    suite.attrib.update(counts)
    suite.attrib.update({"time": _seconds(summary), "timestamp": summary.started_at[:19]})
    suites.attrib.update({key: counts[key] for key in ("tests", "failures", "errors")})
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=False) + "\n"


def _validity(summary: Summary) -> ET.Element:
    case = _case(summary, "verdict", VALIDITY)
    case.set("time", _seconds(summary))
    if summary.verdict is Verdict.INVALID:
        _add(case, "error", "INVALID: the run proves nothing", " ".join(summary.reasons))
    account = "\n".join(generator_sentences(summary))
    if account:
        ET.SubElement(case, "system-out").text = _clean(account)
    return case


def _tell(case: ET.Element, criterion: CriterionText, *, proves_nothing: bool) -> None:
    account = (
        f"value: {criterion.value}\nlimit: {criterion.name}\n"
        f"margin: {criterion.margin or 'none'}\n{criterion.reason}".rstrip()
    )
    match criterion.state:
        case CriterionState.PASSED if proves_nothing:
            _add(case, "skipped", "the run is invalid: that this was met proves nothing", "")
        case CriterionState.PASSED:
            ET.SubElement(case, "system-out").text = _clean(account)
        case CriterionState.FAILED:
            message = f"{criterion.value} breaks {criterion.name}"
            _add(case, "failure", message, account)
        case CriterionState.NO_DATA:
            _add(case, "error", f"{criterion.name} could not be judged", account)


def _case(summary: Summary, group: str, name: str) -> ET.Element:
    attributes = {
        "classname": _clean(f"{summary.name}.{group}"),
        "name": _clean(name),
        "file": _clean(summary.file),
        "time": "0",
    }
    return ET.Element("testcase", attributes)


def _add(case: ET.Element, kind: str, message: str, text: str) -> None:
    element = ET.SubElement(case, kind, {"message": _clean(message)})
    if kind != "skipped":
        element.set("type", kind)
    if text:
        element.text = _clean(text)


def _counts(suite: ET.Element) -> dict[str, str]:
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    cases = list(suite.iter("testcase"))
    told = {
        name: str(sum(case.find(kind) is not None for case in cases))
        for name, kind in kinds.items()
    }
    return {"tests": str(len(cases)), **told}


def _seconds(summary: Summary) -> str:
    return f"{summary.measured_s:.3f}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
