"""Every sentence that options can be refused with, with the line it blames."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas_perf.errors import ExitCode, ScenarioError
from atlas_perf.loader import build_plan, load_scenario_file

DEFAULT = "async def default(vu): ...\n"

# The module-level text, the line to blame, the sentence.
OPTIONS = {
    "unknown key": (
        "options = {\n    'vus': 1,\n    'druation': '1s',\n}",
        3,
        "`options` has an unknown key 'druation': did you mean 'duration'?",
    ),
    "unknown key like no other": (
        "options = {'zzz': 1}",
        1,
        "`options` has an unknown key 'zzz'",
    ),
    "key that is no text": ("options = {1: 1}", 1, "`options` has the key 1: keys are text"),
    "key in both spellings": (
        "options = {\n    'setupTimeout': '1s',\n    'setup_timeout': '2s',\n}",
        3,
        "`setup_timeout` is given twice: `setupTimeout` is the same key",
    ),
    "text for a number": (
        "options = {'vus': 'ten'}",
        1,
        "`vus` must be a whole number of 0 or more, not 'ten'",
    ),
    "truth for a number": (
        "options = {'iterations': True}",
        1,
        "`iterations` must be a whole number of 1 or more, not True",
    ),
    "fraction for a number": (
        "options = {'maxRedirects': 1.5}",
        1,
        "`maxRedirects` must be a whole number of 0 or more, not 1.5",
    ),
    "number for a truth": ("options = {'throw': 1}", 1, "`throw` must be True or False, not 1"),
    "number for a text": ("options = {'userAgent': 1}", 1, "`userAgent` must be text, not 1"),
    "number for a duration": (
        "options = {'duration': 30}",
        1,
        "`duration` must be a duration above 0 with its unit, such as '30s' or '1m30s', not 30",
    ),
    "text that is no duration": (
        "options = {'duration': 'long'}",
        1,
        "`duration`: 'long' is not a duration: write '30s', '1m30s' or '500ms'",
    ),
    "no time at all": (
        "options = {'duration': '0s'}",
        1,
        "`duration` must be a duration above 0, not '0s'",
    ),
    "time backwards": (
        "from datetime import timedelta\noptions = {\n 'duration': timedelta(seconds=-1)}",
        3,
        "`duration` must be a duration above 0, not datetime.timedelta(days=-1, seconds=86399)",
    ),
    "tag that is no text": (
        "options = {'tags': {\n    'build': 7,\n}}",
        2,
        "`tags.build` must be text, not 7",
    ),
    "tags that are no dict": (
        "options = {'tags': ['a']}",
        1,
        "`tags` must be a dict of text to text, not ['a']",
    ),
    "no users": ("options = {'duration': '1s',\n'vus': 0}", 2, "`vus` must be 1 or more, not 0"),
    "fewer iterations than users": (
        "options = {'vus': 10,\n'iterations': 9}",
        2,
        "`iterations` must be one at least for each of the 10 virtual users, not 9",
    ),
    "fewer iterations than users in a scenario": (
        "options = {'scenarios': {\n  'a': {'executor': 'shared-iterations', 'vus': 2}}}",
        2,
        "`scenarios.a.iterations` must be one at least for each of the 2 virtual users, not 1",
    ),
    "stages that never have a user": (
        "options = {'vus': 0,\n'stages': [{'duration': '1s', 'target': 0}]}",
        2,
        "`stages` never has a user: one target, or the start, must be above 0",
    ),
    "stages that are none": (
        "options = {'stages': []}",
        1,
        "`stages` must be a list with at least one stage, not []",
    ),
    "stages that are no list": (
        "options = {'stages': '30s:10'}",
        1,
        "`stages` must be a list of stages, not '30s:10'",
    ),
    "stage without a target": (
        "options = {'stages': [\n  {'duration': '1s', 'target': 1},\n  {'duration': '1s'},\n]}",
        3,
        "`stages[1]` has no `target`",
    ),
    "stage that is no dict": (
        "options = {'stages': [\n  ('1s', 1),\n]}",
        2,
        "`stages[0]` must be a dict with duration, target, not ('1s', 1)",
    ),
    "stage with a wrong target": (
        "options = {'stages': [\n  {'duration': '1s',\n   'target': -1},\n]}",
        3,
        "`stages[0].target` must be a whole number of 0 or more, not -1",
    ),
    "stage with an unknown key": (
        "options = {'stages': [\n  {'duration': '1s',\n   'rate': 1},\n]}",
        3,
        "`stages[0]` has an unknown key 'rate': it may have duration, target",
    ),
    "iterations and stages": (
        "options = {'iterations': 1,\n'stages': [{'duration': '1s', 'target': 1}]}",
        2,
        "`iterations` and `stages` are two kinds of load and cannot be used together",
    ),
    "duration and stages": (
        "options = {'stages': [{'duration': '1s', 'target': 1}],\n'duration': '1s'}",
        2,
        "`stages` and `duration` are two kinds of load and cannot be used together",
    ),
    "iterations, duration and stages": (
        "options = {'iterations': 1,\n'duration': '1s',\n"
        "'stages': [{'duration': '1s', 'target': 1}]}",
        3,
        "`iterations` and `stages` are two kinds of load and cannot be used together",
    ),
    "duration and scenarios": (
        "options = {'duration': '1s',\n'scenarios': {'a': {'executor': 'shared-iterations'}}}",
        2,
        "`duration` and `scenarios` are two kinds of load and cannot be used together",
    ),
    "vus and scenarios": (
        "options = {\n'vus': 2,\n'scenarios': {'a': {'executor': 'shared-iterations'}}}",
        2,
        "`vus` does nothing beside `scenarios`: set it in each",
    ),
    "scenarios that are none": (
        "options = {'scenarios': {}}",
        1,
        "`scenarios` must be a dict with at least one scenario, not {}",
    ),
    "scenario with a bad name": (
        "options = {'scenarios': {\n  'my api': {'executor': 'shared-iterations'}}}",
        2,
        "'my api' is not a scenario name: use letters, digits, `_` and `-`",
    ),
    "scenario without executor": (
        "options = {'scenarios': {\n  'api': {'vus': 1}}}",
        2,
        "`scenarios.api` has no `executor`: use constant-vus, ramping-vus, shared-iterations, "
        "per-vu-iterations, constant-arrival-rate, ramping-arrival-rate, "
        "shaped-vus or shaped-arrival-rate",
    ),
    "executor misspelt": (
        "options = {'scenarios': {'api': {\n  'executor': 'constant-vu', 'duration': '1s'}}}",
        2,
        "there is no executor 'constant-vu': did you mean 'constant-vus'?",
    ),
    "executor unknown": (
        "options = {'scenarios': {'api': {\n  'executor': 'magic'}}}",
        2,
        "there is no executor 'magic': use constant-vus, ramping-vus, shared-iterations, "
        "per-vu-iterations, constant-arrival-rate, ramping-arrival-rate, "
        "shaped-vus or shaped-arrival-rate",
    ),
    "arrival rate without its users": (
        "options = {'scenarios': {'api': {\n  'executor': 'constant-arrival-rate', 'rate': 1,\n"
        "  'duration': '1s'}}}",
        1,
        "`scenarios.api` has no `preAllocatedVUs`",
    ),
    "arrival rate of nothing": (
        "options = {'scenarios': {'api': {'executor': 'constant-arrival-rate',\n  'rate': 0,\n"
        "  'duration': '1s', 'preAllocatedVUs': 1}}}",
        2,
        "`scenarios.api.rate` must be a whole number of 1 or more, not 0",
    ),
    "arrival rate with fewer users than are made": (
        "options = {'scenarios': {'api': {'executor': 'constant-arrival-rate', 'rate': 1,\n"
        "  'duration': '1s', 'preAllocatedVUs': 9,\n  'maxVUs': 8}}}",
        3,
        "`scenarios.api.maxVUs` must be at least `preAllocatedVUs`, 9, not 8",
    ),
    "arrival rate without any user": (
        "options = {'scenarios': {\n 'api': {'executor': 'constant-arrival-rate', 'rate': 1,\n"
        "  'duration': '1s', 'preAllocatedVUs': 0}}}",
        2,
        "`scenarios.api` never has a user: `maxVUs` must be 1 or more",
    ),
    "arrival rate with a spacing that is none": (
        "options = {'scenarios': {'api': {'executor': 'constant-arrival-rate', 'rate': 1,\n"
        "  'duration': '1s', 'preAllocatedVUs': 1,\n  'spacing': 'random'}}}",
        3,
        "`scenarios.api.spacing` must be uniform or poisson, not 'random'",
    ),
    "ramp of less than one iteration": (
        "options = {'scenarios': {'api': {'executor': 'ramping-arrival-rate',\n"
        "  'preAllocatedVUs': 1,\n  'stages': [{'duration': '1s', 'target': 1}]}}}",
        3,
        "`scenarios.api` is less than one iteration: raise a target, or take longer",
    ),
    "key of another executor": (
        "options = {'scenarios': {'api': {\n  'executor': 'shared-iterations',\n"
        "  'duration': '1s'}}}",
        3,
        "`scenarios.api.duration` is an option of constant-vus or constant-arrival-rate; "
        "shared-iterations has vus, iterations, maxDuration",
    ),
    "key of several other executors": (
        "options = {'scenarios': {'api': {\n  'executor': 'constant-vus',\n"
        "  'duration': '1s',\n  'iterations': 1}}}",
        4,
        "`scenarios.api.iterations` is an option of shared-iterations or per-vu-iterations; "
        "constant-vus has vus, duration",
    ),
    "executor without a key it needs": (
        "options = {'scenarios': {\n  'api': {'executor': 'constant-vus'}}}",
        2,
        "`scenarios.api` has no `duration`",
    ),
    "scenario with an unknown key": (
        "options = {'scenarios': {'api': {\n  'executor': 'constant-vus',\n"
        "  'duration': '1s',\n  'gracefullStop': '1s'}}}",
        4,
        "`scenarios.api` has an unknown key 'gracefullStop': did you mean 'gracefulStop'?",
    ),
    "scenario with a wrong value deep inside": (
        "options = {\n  'scenarios': {\n    'api': {\n      'executor': 'ramping-vus',\n"
        "      'stages': [\n        {'duration': '1s', 'target': 1},\n"
        "        {'duration': '1s', 'target': None},\n      ],\n    },\n  },\n}",
        7,
        "`scenarios.api.stages[1].target` must be a whole number of 0 or more, not None",
    ),
    "ramp that never has a user": (
        "options = {'scenarios': {\n 'api': {'executor': 'ramping-vus', 'startVUs': 0,\n"
        "  'stages': [{'duration': '1s', 'target': 0}]}}}",
        2,
        "`scenarios.api` never has a user: one target, or the start, must be above 0",
    ),
    "exec of no function": (
        "async def browse(vu): ...\noptions = {'scenarios': {'api': {\n"
        "  'executor': 'shared-iterations',\n  'exec': 'brwose'}}}",
        4,
        "scenario 'api': there is no function `brwose`: did you mean 'browse'?",
    ),
    "exec of a plain function": (
        "\ndef browse(vu): ...\noptions = {'scenarios': {'api': {\n"
        "  'executor': 'shared-iterations',\n  'exec': 'browse'}}}",
        2,
        "`browse` is not asynchronous: write `async def browse(vu)` "
        "or `async def browse(vu, data)`",
    ),
    "threshold that is no list": (
        "options = {'thresholds': {\n  'checks': 'rate>0.9'}}",
        2,
        "`thresholds.checks` must be a list of criteria such as ['p(95)<500'], not 'rate>0.9'",
    ),
    "threshold without criteria": (
        "options = {'thresholds': {\n  'checks': []}}",
        2,
        "`thresholds.checks` must be a list with at least one criterion, not []",
    ),
    "threshold on no metric": (
        "options = {'thresholds': {\n  'checks{}': ['rate>0.9']}}",
        2,
        "'checks{}' has empty braces: write {tag:value} or leave them out",
    ),
    "threshold without a criterion": (
        "options = {'thresholds': {\n  'checks{a:b}': [\n    {'abortOnFail': True}]}}",
        3,
        '`thresholds["checks{a:b}"][0]` has no `threshold`',
    ),
    "threshold that is a number": (
        "options = {'thresholds': {\n  'checks': [\n    0.9]}}",
        3,
        "`thresholds.checks[0]` must be a criterion such as 'p(95)<500', or a dict with "
        "threshold, abortOnFail, delayAbortEval, not 0.9",
    ),
    "statistic that is none": (
        "options = {'summaryTrendStats': ['avg',\n 'p(101)']}",
        2,
        "`summaryTrendStats[1]` must be avg, min, med, max, count or p(0) to p(100), not 'p(101)'",
    ),
    "statistics that are none": (
        "options = {'summaryTrendStats': []}",
        1,
        "`summaryTrendStats` must be a list with at least one statistic, not []",
    ),
    "key of a scenario at the top": (
        "options = {'gracefulStop': '1s'}",
        1,
        "`options` has an unknown key 'gracefulStop': it is an option of a scenario",
    ),
    "option of k6 that is not here": (
        "options = {'tlsVersion': 'tls1.3'}",
        1,
        "`options` has an unknown key 'tlsVersion': this version does not have that option of k6",
    ),
    "value too long to print": (
        "options = {'vus': 'x' * 100}",
        1,
        f"`vus` must be a whole number of 0 or more, not '{'x' * 58}…",
    ),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options_that_cannot_be_used(case: str, tmp_path: Path) -> None:
    text, line, sentence = OPTIONS[case]
    path = tmp_path / "api.py"
    path.write_text(f"{text}\n{DEFAULT}")
    scenario_file = load_scenario_file(path, {})
    with pytest.raises(ScenarioError) as refused:
        build_plan(scenario_file)
    assert str(refused.value) == f"{path}:{line}: {sentence}"
    assert refused.value.exit_code is ExitCode.USAGE
