"""What each number of a page is: of what, over which time, in which unit.

Shown on hover and on focus.
"""

from __future__ import annotations

from collections.abc import Mapping

DEFINITIONS: Mapping[str, str] = {
    # What was judged.
    "verdict": "One word for the whole run, in this order of precedence: INVALID, FAIL, NO_DATA, "
    "NO_BASELINE, INCONCLUSIVE, PASS. The first that holds is the verdict.",
    "state": "Whether the criterion was met. No data also where requests that were cut off in "
    "flight leave it open.",
    "criterion": "What is asked of a metric: statistic, operator, limit, and the phase of the "
    "load if it is about one. Times are milliseconds.",
    "value": "What was measured, from the merged sketch of all samples that the criterion is "
    "about. ≥ marks a lower bound: something was cut off in flight.",
    "limit": "The number that the value is compared with, in the same unit.",
    "margin": "Distance between value and limit as a part of the limit: inside if the criterion "
    "was met, outside if not.",
    "history": "The value along the run, second by second where the run kept seconds, else in up "
    "to six parts of it. Counts add up. The dashed line is the limit, where it is near.",
    "history_runs": "The value of the same criterion from run to run, the oldest first. A ring is "
    "a run that did not meet it. The dashed line is the limit, where it is near.",
    "band": "Where the value lies with 95 % confidence within this run. It says nothing of what "
    "another run would measure.",
    "samples": "How many samples the value was made from, and how many the row asks for.",
    # Requests.
    "requests": "Round trips that ended while it counted, well or not. Each hop of a redirect is "
    "one. Those cut off in flight are not in it.",
    "requests_per_s": "Requests, divided by the measured time.",
    "failed": "Requests without a response, or with a status that was not expected (200 to 399 "
    "unless the scenario says otherwise).",
    "failed_share": "Failed requests as a part of all requests that ended.",
    "censored": "Requests that were in flight when their time was up. Nobody knows what became of "
    "them; they count with their age in the latencies and are in no other number.",
    "service_avg": "Mean of http_req_duration of successful requests. It hides the tail: judge "
    "percentiles.",
    "service_p(50)": "Half of the successful requests took less: http_req_duration, from the first "
    "byte sent to the last byte received, without connecting.",
    "service_p(90)": "90 % of the successful requests took less: http_req_duration, from the first "
    "byte sent to the last byte received, without connecting.",
    "service_p(95)": "95 % of the successful requests took less: http_req_duration, from the first "
    "byte sent to the last byte received, without connecting.",
    "service_p(99)": "99 % of the successful requests took less: http_req_duration, from the first "
    "byte sent to the last byte received, without connecting.",
    "service_max": "The slowest successful request, exactly: http_req_duration.",
    "response_p(50)": "Half of the successful requests were answered sooner, counted from when "
    "they were due (http_req_response_time): lateness and waiting included.",
    "response_p(95)": "95 % of the successful requests were answered sooner, counted from when "
    "they were due (http_req_response_time): lateness and waiting included. This is gated.",
    "response_p(99)": "99 % of the successful requests were answered sooner, counted from when "
    "they were due (http_req_response_time): lateness and waiting included.",
    "response_max": "The slowest successful request, counted from when it was due.",
    "endpoint": "Requests of one method and name in one scenario. The name is the URL unless the "
    "request was given one.",
    "scenario": "The scenario of the plan that made them.",
    "request_sample": "One request by itself, with its URL; of a failure the first ones of each "
    "kind, with the beginning of the answer. summary.json has them all.",
    "request_at": "When it ended, in seconds from the run's start.",
    "request_duration": "From the first byte sent to the last byte received; without a response, "
    "all that passed since the call.",
    "request_waiting": "From the last byte sent to the first byte of the response: the server and "
    "the way there and back.",
    "request_receiving": "From the first byte of the response to the last of its body.",
    "request_before": "Before its first byte was sent: waiting for a connection, name lookup, "
    "connecting, TLS, and in the open model how late it was already.",
    "trace_id": "What went with it in traceparent: the name of its trace in your tracing system.",
    "error": "The status of the answer, or what went wrong where there was none, with k6's error "
    "code.",
    # WebSockets.
    "ws_msgs_sent": "Messages handed to WebSockets while it counted, and a second of the measured "
    "time.",
    "ws_msgs_received": "Messages that came over WebSockets, whoever they were for.",
    "ws_rtt": "95 % of the messages that were answered took less: from handing a message over "
    "until its answer was read.",
    "ws_msgs_lost": "Messages that got no answer in time, or whose session ended before.",
    # Load.
    "iterations": "Iterations that ended while it counted, with or without an exception.",
    "vus": "Virtual users at work, read once a second; here the most of them.",
    "arrivals": "Iterations that the plan made due, and how many of them were begun. What is "
    "missing was dropped, or waited for a user.",
    "measured": "The time that rates are computed over: without setup, teardown and a warm-up "
    "that does not count.",
    "scheduled": "Iterations that the plan wanted, the warm-up included.",
    "started": "Iterations that were begun.",
    "dropped": "Iterations that never began: no user was free, or the time was over.",
    "completed": "Iterations that ended without an exception.",
    "iteration_failed": "Iterations that an exception ended.",
    "interrupted": "Iterations that were cut off when the graceful stop was over.",
    # Checks and metrics.
    "check": "A condition that the scenario states of a response, with its group.",
    "check_passes": "Times that it held.",
    "check_fails": "Times that it did not.",
    "check_share": "Part of its samples that held.",
    "metric": "A metric, or a part of it that a criterion selects by tags.",
    "metric_samples": "How many samples the distribution has. Those cut off in flight are not "
    "counted.",
    "metric_statistic": "Over all that counts, from the merged sketch: within 1 % of the raw "
    "value; minimum and maximum are exact. ≥ marks a lower bound.",
    "metric_kind": "Counters add up, rates are shares of what was true, gauges have a last value.",
    "metric_value": "Counters: sum, and sum per second of the measured time. Rates: share that was "
    "true. Gauges: last value, and its extremes.",
    "exception_count": "Iterations that this exception ended.",
    # The generator.
    "worker": "One of the processes that made the load, counted from 0.",
    "loop_lag": "The longest that the generator's event loop kept a due callback waiting. A "
    "response that arrives meanwhile looks as much slower.",
    "own_lag": "Part of the run in which the event loop was late by its own doing, 20 ms or more, "
    "while requests were under way.",
    "loop_cpu": "CPU of the thread that runs the event loop; 100 % is one core.",
    "worker_cpu": "CPU of the worker's process; 100 % is one core.",
    "cpu_wait": "Part of the time in which the loop's thread was ready to run and no CPU was free.",
    "throttled": "Part of the time in which a CPU limit held the generator back, at the most.",
    "gc_pause": "The longest garbage collection.",
    "memory": "The largest memory that the process held.",
    "open_files": "The most descriptors that it had open: a connection is one.",
    "missing": "Seconds whose measurements never came. Any makes a run INVALID.",
    "stall_count": "How often the event loop stood still here for 100 ms or more.",
    "stall_longest": "The longest of these.",
    "floor": "What the generator measures of a server that takes no time, at this rate.",
    "max_rate": "Requests per second that the generator makes on this machine without a pause.",
    # Comparisons and trends.
    "run": "One run, by the UTC time of its start, and where its results are.",
    "version": "Of atlas-perf, which made the run.",
    "latency_p95": "95 % of the successful requests took less: response time where the model is "
    "open, else service time.",
    "latency_p99": "99 % of the successful requests took less: response time where the model is "
    "open, else service time.",
    "base": "The base's value, of its whole steady phase.",
    "candidate": "The candidate's value, of its whole steady phase.",
    "change": "Of times candidate / base − 1; of shares the difference in percentage points.",
    "interval": "The true change lies in it with 90 % confidence: 5 % on either side. None where "
    "one run per side is too short to tell.",
    "finding": "Whether the change is shown to be worse than the margin, shown to be no worse, or "
    "neither.",
}
