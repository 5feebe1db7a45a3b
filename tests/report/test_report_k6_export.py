"""k6's --summary-export shape."""

from __future__ import annotations

import dataclasses
import json

from sample_summary import sample_summary

from atlas_perf.model.summary import CheckResult
from atlas_perf.report.k6_export import k6_summary_export

EXPORT = k6_summary_export(sample_summary())


def test_the_top_has_k6s_two_parts():
    assert list(EXPORT) == ["root_group", "metrics"]
    assert json.loads(json.dumps(EXPORT, allow_nan=False)) == EXPORT


def test_each_kind_has_k6s_keys():
    metrics = EXPORT["metrics"]
    assert metrics["http_reqs"] == {"count": 12408, "rate": 413.6}
    assert metrics["vus"] == {"value": 20, "min": 1, "max": 20}
    assert metrics["http_req_failed"] == {
        "value": 149 / 12408,
        "passes": 149,
        "fails": 12259,
        "thresholds": {"rate<0.01": True},
    }
    assert metrics["http_req_waiting"] == {
        "avg": 14.5,
        "min": 0.85,
        "med": 12.2,
        "max": 212.5,
        "p(90)": 24.7,
        "p(95)": 31.3,
        "p(99)": 97.1,
    }


def test_thresholds_are_true_where_they_were_crossed_or_had_no_data():
    metrics = EXPORT["metrics"]
    assert metrics["http_req_duration"]["thresholds"] == {"p(95)<500": False, "p(99) < 98": False}
    assert metrics["http_req_duration{name:POST /api/rusn}"] == {"thresholds": {"p(95)<500": True}}


def test_a_sub_metrics_name_is_the_same_however_its_threshold_was_written():
    summary = sample_summary()
    (first, *_) = summary.thresholds
    spaced = dataclasses.replace(first, selector='http_req_duration{ name : "POST /api/runs" }')
    export = k6_summary_export(dataclasses.replace(summary, thresholds=(spaced,)))
    assert export["metrics"]["http_req_duration{name:POST /api/runs}"]["thresholds"] == {
        "p(95)<500": False
    }


def test_groups_and_checks_carry_k6s_md5_ids():
    root = EXPORT["root_group"]
    assert (root["name"], root["path"]) == ("", "")
    assert root["id"] == "d41d8cd98f00b204e9800998ecf8427e"  # MD5 of nothing
    assert root["checks"]["health is ok"] == {
        "name": "health is ok",
        "path": "::health is ok",
        "id": "cd1b3ee387b02021f4ac0284980f830c",
        "passes": 3102,
        "fails": 0,
    }
    group = root["groups"]["create run"]
    assert (group["name"], group["path"]) == ("create run", "::create run")
    assert list(group["checks"]) == ["status is 202", "has an id"]


def test_groups_nest_and_scenarios_share_a_check():
    checks = (
        CheckResult("ok", "::a::b", "api", 1, 2),
        CheckResult("ok", "::a::b", "soak", 10, 20),
    )
    root = k6_summary_export(dataclasses.replace(sample_summary(), checks=checks))["root_group"]
    inner = root["groups"]["a"]["groups"]["b"]
    assert inner["path"] == "::a::b"
    assert (inner["checks"]["ok"]["passes"], inner["checks"]["ok"]["fails"]) == (11, 22)
