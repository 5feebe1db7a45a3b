"""The files of tests that take long, in the order in which they are begun.

A worker takes a file at a time. One that takes a minute and is begun last is waited for alone, so
these go first: what compiles beside what mostly waits for load to pass. The list need not be
exact, and what is new need not be on it.
"""

from __future__ import annotations

from pathlib import Path

LONGEST_FIRST = (
    "packaging/test_packaging_dockerfile.py",
    "end_to_end/test_what_does_not_pass.py",
    "benchmarks/test_benchmarks_fuzz_client.py",
    "packaging/test_packaging_install.py",
    "quality/test_quality_documented_commands.py",
    "end_to_end/test_faults_of_the_generator.py",
    "end_to_end/test_requests_cut_off_in_flight.py",
    "judge/comparison/test_comparison_verdict.py",
    "end_to_end/test_the_shipped_scenarios.py",
    "end_to_end/test_the_capacity_is_found.py",
    "end_to_end/test_bench_counts_equal_the_servers.py",
    "end_to_end/test_the_open_model.py",
    "end_to_end/test_baselines_of_a_run.py",
    "monitoring/test_monitoring_dashboards.py",
    "cli/test_cli_calibration.py",
    "cli/test_cli_hostile_streams.py",
    "cli/test_cli_real_runs.py",
    "coordinator/test_coordinator_trouble.py",
    "end_to_end/test_the_safety_limits.py",
    "benchmarks/test_benchmarks_error_rates.py",
    "end_to_end/test_an_output_that_lost_data.py",
    "end_to_end/test_streams_and_tasks.py",
    "pipeline/test_pipeline_gitlab.py",
    "report/test_a_run_of_two_hours.py",
    "quality/test_quality_tools.py",
    "end_to_end/test_offered_and_achieved.py",
    "end_to_end/test_the_websocket_scenario.py",
    "end_to_end/test_websockets_in_a_run.py",
    "end_to_end/test_two_builds_in_turns.py",
    "end_to_end/test_phases_of_the_load.py",
    "coordinator/test_coordinator_feeds.py",
    "coordinator/test_coordinator_run.py",
    "cli/test_cli_new.py",
    "cli/test_cli_bench.py",
    "benchmarks/test_benchmarks_sensitivity.py",
)
"""Paths within `tests`."""

_PLACES = {name: place for place, name in enumerate(LONGEST_FIRST)}


def place_of(file: Path) -> int:
    """Where a file stands; those that are not on the list have one place, behind all others."""
    return _PLACES.get(file.relative_to(Path(__file__).parent).as_posix(), len(_PLACES))
