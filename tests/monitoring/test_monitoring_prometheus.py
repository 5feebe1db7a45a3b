"""A real Prometheus has the summary's numbers, sent to it and scraped by it."""

from __future__ import annotations

import pytest

WRITTEN = 'job="",testid="one"'
WAYS = {"written": WRITTEN, "scraped": 'job="atlas-perf",testid="one"'}


@pytest.fixture(params=WAYS)
def number(request, watched):
    """Ask for one number, of what came in one of both ways. `{}` is where the way is chosen."""
    of_this_way = WAYS[request.param]
    at = None
    if request.param == "scraped":  # whose series end with the endpoint
        query = f"k6_iterations_total{{{of_this_way}}}[5m]"
        (one,) = watched.prometheus.get("/api/v1/query", query=query)["result"]
        at = one["values"][-1][0]

    def ask(name: str, *labels: str, form: str = "sum({})") -> float:
        selector = f"{name}{{{','.join((of_this_way, *labels))}}}"
        return watched.prometheus.number(form.format(selector), at)

    return ask


def test_both_ways_lost_nothing(watched):
    assert [one["complete"] for one in watched.run.summary["outputs"]] == [True, True], (
        watched.run.summary["outputs"]
    )


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("http_reqs", "k6_http_reqs_total"),
        ("iterations", "k6_iterations_total"),
        ("data_sent", "k6_data_sent_total"),
        ("data_received", "k6_data_received_total"),
        ("odd_tags", "k6_odd_tags_total"),  # that are alike as labels, or none
    ],
)
def test_counts_are_exactly_the_summarys(watched, number, metric, name):
    assert number(name) == watched.run.values(metric)["count"]


def test_shares_are_exactly_the_summarys(watched, number):
    checks = watched.run.values("checks")
    assert number("k6_checks_passes_total") == checks["passes"]
    assert number("k6_checks_samples_total") == checks["passes"] + checks["fails"]
    failed = watched.run.values("http_req_failed")
    assert number("k6_http_req_failed_passes_total") == failed["passes"] > 0
    assert number("k6_http_req_failed_rate", 'name="details"') == 1
    assert number("k6_http_req_failed_rate", 'name="list runs"') == 0


def test_levels_are_the_summarys(watched, number):
    assert number("k6_queue_depth") == 7
    assert number("k6_vus_max") == watched.run.values("vus_max")["value"] == 4


def test_tags_are_labels(watched, number):
    total = number("k6_http_reqs_total", 'testid="one"', 'method="GET"', 'status="200"')
    (endpoint,) = (e for e in watched.run.summary["endpoints"] if e["name"] == "list runs")
    assert total == endpoint["requests"]


@pytest.mark.parametrize(("stat", "suffix"), [("p(95)", "p95"), ("med", "med"), ("max", "max")])
def test_statistics_of_the_whole_run_are_exactly_the_summarys(watched, number, stat, suffix):
    seconds = number(f"k6_http_req_duration_{suffix}", 'expected_response="true"')
    assert seconds == pytest.approx(watched.run.values("http_req_duration")[stat] / 1000)


@pytest.mark.parametrize(("stat", "q"), [("med", 0.5), ("p(95)", 0.95), ("p(99)", 0.99)])
def test_quantiles_of_native_histograms_are_within_their_error(watched, number, stat, q):
    succeeded = 'expected_response="true"'
    form = f"histogram_quantile({q}, sum({{}}))"
    seconds = number("k6_http_req_duration_seconds", succeeded, form=form)
    # 1.3 %, and a bin's width of 2 % where the rank falls between two of them.
    assert seconds == pytest.approx(watched.run.values("http_req_duration")[stat] / 1000, rel=0.033)


def test_histograms_have_exact_counts_and_sums(watched, number):
    size = watched.run.values("answer_size")
    assert number("k6_answer_size", form="histogram_count(sum({}))") == size["count"]
    total = number("k6_answer_size", form="histogram_sum(sum({}))")
    assert total == pytest.approx(size["avg"] * size["count"])


def test_the_generators_health_is_there(watched):
    workers = watched.prometheus.query('k6_generator_memory_bytes{job="",test="watched"}')
    assert sorted(dict(labels)["worker"] for labels in workers) == ["0", "1"]
    assert all(memory > 1e6 for memory in workers.values())
    cpu = watched.prometheus.number('sum(k6_generator_cpu_seconds_total{job="",test="watched"})')
    shares = sum(worker["cpu_share"] for worker in watched.run.summary["workers"])
    assert cpu == pytest.approx(shares * watched.run.summary["measured_s"], rel=0.25)


@pytest.mark.parametrize("name", ["k6_http_reqs_total", "k6_http_req_duration_seconds"])
def test_totals_begin_with_a_zero_so_that_an_increase_has_their_first_value_in_it(watched, name):
    data = watched.prometheus.get("/api/v1/query", query=f"{name}{{{WRITTEN}}}[5m]")
    assert data["result"]
    for series in data["result"]:
        first = (
            series["values"][0][1] if "values" in series else series["histograms"][0][1]["count"]
        )
        assert float(first) == 0


def test_each_second_is_a_point(watched):
    query = f"count_over_time(k6_vus_max{{{WRITTEN}}}[5m])"
    data = watched.prometheus.get("/api/v1/query", query=query)
    (points,) = (float(one["value"][1]) for one in data["result"])
    assert points >= 3
