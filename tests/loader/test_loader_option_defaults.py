"""Options that are lent to a scenario file: each key, and the load as one whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import trustme

from atlas_perf.errors import ScenarioError, UsageError
from atlas_perf.loader import OptionDefaults, Overrides, build_plan, with_defaults
from atlas_perf.loader.option_table import OPTIONS
from atlas_perf.model.plan import ConstantVUs, SharedIterations, TestPlan

S = 1_000_000_000
SCENARIO = {"only": {"executor": "constant-vus", "duration": "1s"}}

PAIRS: dict[str, tuple[Any, Any]] = {
    "vus": (2, 3),
    "duration": ("2s", "3s"),
    "iterations": (2, 3),
    "stages": ([{"duration": "2s", "target": 2}], [{"duration": "3s", "target": 3}]),
    "scenarios": ({"a": SCENARIO["only"]}, {"b": SCENARIO["only"]}),
    "warmUp": ("100ms", "200ms"),
    "httpTimeout": ("2s", "3s"),
    "connectTimeout": ("2s", "3s"),
    "tlsHandshakeTimeout": ("2s", "3s"),
    "connectionMaxAge": ("2s", "3s"),
    "connectionMaxIdle": ("2s", "3s"),
    "dns": ({"ttl": "2s"}, {"select": "first"}),
    "maxRedirects": (2, 3),
    "userAgent": ("two", "three"),
    "insecureSkipTLSVerify": (True, False),
    "noConnectionReuse": (True, False),
    "noVUConnectionReuse": (True, False),
    "traceShare": (0.5, 1),
    "requestSamples": (False, True),
    "noCookiesReset": (True, False),
    "throw": (True, False),
    "hosts": ({"two.example": "127.0.0.1"}, {"three.example": "127.0.0.1"}),
    "proxy": ("http://two.example", "http://three.example"),
    "proxyFromEnvironment": (True, False),
    "foldUrls": (False, True),
    "discardResponseBodies": (True, False),
    "batch": (2, 3),
    "batchPerHost": (2, 3),
    "thresholds": ({"http_reqs": ["count>2"]}, {"checks": ["rate>0.3"]}),
    "defaultGates": (False, True),
    "excludeWarmUp": (False, True),
    "tags": ({"two": "2"}, {"three": "3"}),
    "setupTimeout": ("2s", "3s"),
    "teardownTimeout": ("2s", "3s"),
    "minIterationDuration": ("2s", "3s"),
    "summaryTrendStats": (["avg"], ["max"]),
}
"""By key: what is lent, and what the scenario says instead."""

FILES = {"tlsCAFile", "tlsAuth"}
"""Keys whose values are files, which a test has to write first."""


def lend(options: dict[str, Any]) -> OptionDefaults:
    return OptionDefaults(options, "atlas-perf.toml", lambda path: 7 + len(path))


def plan_of(build_from: Any, own: dict[str, Any], lent: dict[str, Any]) -> TestPlan:
    text = f"options = {own!r}\nasync def default(vu): ...\n"
    file = with_defaults(build_from(text), lend(lent))
    plan = build_plan(file, Overrides(seed=1)).plan
    placeless = tuple(replace(threshold, place="") for threshold in plan.thresholds)
    return replace(plan, file_sha256="", thresholds=placeless)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    """As PAIRS, of the keys whose values are files."""
    folder = tmp_path_factory.mktemp("pem")
    files = []
    for name in ("two", "three"):
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / f"{name}-ca.pem")
        both = authority.issue_cert(f"{name}.example").private_key_and_cert_chain_pem
        both.write_to_path(folder / f"{name}.pem")
        files.append((str(folder / f"{name}-ca.pem"), [{"cert": str(folder / f"{name}.pem")}]))
    authorities, certificates = zip(*files, strict=True)
    return {"tlsCAFile": authorities, "tlsAuth": certificates}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_lent_file_is_as_though_written_and_the_scenarios_own_replaces_it(
    load, certificates, name
) -> None:
    lent, own = certificates[name]
    written, replaced = plan_of(load, {name: lent}, {}), plan_of(load, {name: own}, {})
    assert plan_of(load, {}, {name: lent}) == written
    assert plan_of(load, {name: own}, {name: lent}) == replaced != written


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_lent_option_is_as_though_written_and_the_scenarios_own_replaces_it(load, name) -> None:
    lent, own = PAIRS[name]
    beside = {"duration": "5s"} if name == "warmUp" else {}
    written = plan_of(load, {**beside, name: lent}, {})
    assert plan_of(load, beside, {name: lent}) == written
    assert plan_of(load, {**beside, name: own}, {name: lent}) == plan_of(
        load, {**beside, name: own}, {}
    )
    assert plan_of(load, {**beside, name: own}, {}) != written


def test_every_option_is_among_them() -> None:
    assert set(OPTIONS.keys) == set(PAIRS) | FILES


@pytest.mark.parametrize(
    ("own", "lent", "same_as"),
    [
        ({"iterations": 4}, {"vus": 3, "duration": "9s"}, {"iterations": 4}),
        ({"duration": "4s"}, {"vus": 3, "stages": PAIRS["stages"][0]}, {"duration": "4s"}),
        ({"scenarios": SCENARIO}, {"vus": 3, "warmUp": "9s"}, {"scenarios": SCENARIO}),
        ({"vus": 2}, {"duration": "9s"}, {"vus": 2, "duration": "9s"}),
        ({"vus": 2}, {"scenarios": SCENARIO}, {"vus": 2}),
        ({"proxyFromEnvironment": True}, {"proxy": "http://h"}, {"proxyFromEnvironment": True}),
        ({"http_timeout": "2s"}, {"httpTimeout": "9s"}, {"httpTimeout": "2s"}),
    ],
)
def test_the_load_is_one_whole(load, own, lent, same_as) -> None:
    assert plan_of(load, own, lent) == plan_of(load, same_as, {})


def test_flags_and_tags_lie_over_all(load) -> None:
    file = with_defaults(
        load("options = {'tags': {'b': 'own'}}\nasync def default(vu): ...\n"),
        lend({"duration": "9s", "vus": 2}),
    )
    tags = {"a": "lent", "b": "lent"}
    plan = build_plan(file, Overrides(default_tags=tags, tags={"c": "flag"})).plan
    assert plan.scenarios[0].executor == ConstantVUs(2, 9 * S)
    assert plan.tags == {"a": "lent", "b": "own", "c": "flag"}
    plan = build_plan(file, Overrides(iterations=5)).plan
    assert plan.scenarios[0].executor == SharedIterations(2, 5)  # users alone are no kind of load


def test_a_lent_option_is_blamed_where_it_is_written(load) -> None:
    file = load("options = {'vus': 1}\nasync def default(vu): ...\n")
    with pytest.raises(ScenarioError, match=r"^atlas-perf\.toml:10: .*no function `gone`"):
        build_plan(
            with_defaults(
                load("async def default(vu): ...\n"),
                lend({"scenarios": {"a": {**SCENARIO["only"], "exec": "gone"}}}),
            )
        )
    lent = with_defaults(file, lend({"thresholds": {"http_reqs": ["count>2"]}}))
    (threshold,) = build_plan(lent).plan.thresholds
    assert threshold.place == "atlas-perf.toml:10"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"vuz": 1}, "unknown key 'vuz': did you mean 'vus'"),
        ({"stages": [{"duration": "1s", "target": 1}], "duration": "1s"}, "two kinds of load"),
        ({"executor": "constant-vus"}, "it is an option of a scenario"),
    ],
)
def test_what_no_scenario_could_have_is_refused_before(options, says) -> None:
    with pytest.raises(UsageError, match=r"^atlas-perf\.toml:8: ") as refused:
        lend(options).refuse_wrong()
    assert says in str(refused.value)
