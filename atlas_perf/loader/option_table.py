"""Every key that `options` may have; `docs/options.md` is this table for people.

Defaults live in `model.plan`. The texts here repeat them for the reference; tests hold the three
together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlas_perf.loader.dns_options import DNS
from atlas_perf.loader.executors import COMMON, OWN, SCENARIOS
from atlas_perf.loader.keyed import KeyTable, OptionKey
from atlas_perf.loader.readers import (
    FLAG,
    PROXY,
    SHARE,
    TEXT,
    TEXT_TABLE,
    TREND_STATS,
    duration,
    whole_number,
)
from atlas_perf.loader.stages import STAGES
from atlas_perf.loader.threshold_options import THRESHOLDS
from atlas_perf.loader.tls_options import CLIENT_CERTIFICATES, PEM_FILE

POSITIVE = duration(zero=False)

SHORTCUTS = (
    OptionKey(
        "vus", whole_number(0), "1", "Virtual users; with `stages`, how many the ramp starts from"
    ),
    OptionKey(
        "duration",
        POSITIVE,
        "–",
        "`constant-vus` for that long; with `iterations`, their `maxDuration`",
    ),
    OptionKey(
        "iterations",
        whole_number(1),
        "–",
        "`shared-iterations`: so many over all virtual users, at least one for each",
    ),
    OptionKey("stages", STAGES, "–", "`ramping-vus` along these stages"),
    OptionKey("scenarios", SCENARIOS, "–", "Workloads by name, each with an executor"),
    OptionKey(
        "warmUp",
        duration(zero=True),
        "0s",
        "How much of the load's beginning is a warm-up, which does not count",
    ),
)

HTTP = KeyTable(
    (
        OptionKey("httpTimeout", POSITIVE, "1m", "Limit of one HTTP request", "timeout_ns"),
        OptionKey(
            "connectTimeout",
            POSITIVE,
            "–",
            "Limit of name lookup, TCP connect and a proxy's tunnel together",
            "connect_timeout_ns",
        ),
        OptionKey(
            "tlsHandshakeTimeout",
            POSITIVE,
            "–",
            "Limit of one TLS handshake",
            "tls_handshake_timeout_ns",
        ),
        OptionKey(
            "connectionMaxAge",
            POSITIVE,
            "–",
            "A connection opened so long ago carries no further request",
            "connection_max_age_ns",
        ),
        OptionKey(
            "connectionMaxIdle",
            POSITIVE,
            "–",
            "A connection idle for so long carries no further request",
            "connection_max_idle_ns",
        ),
        OptionKey("dns", DNS, "{}", "How host names are looked up", "dns"),
        OptionKey(
            "maxRedirects", whole_number(0), "10", "Redirects followed per request", "max_redirects"
        ),
        OptionKey(
            "userAgent", TEXT, "`atlas-perf/<version>`", "The User-Agent header", "user_agent"
        ),
        OptionKey(
            "insecureSkipTLSVerify",
            FLAG,
            "False",
            "Accept any TLS certificate",
            "insecure_skip_tls_verify",
        ),
        OptionKey(
            "noConnectionReuse",
            FLAG,
            "False",
            "A new connection for every request, under TLS with a full handshake",
            "no_connection_reuse",
        ),
        OptionKey(
            "noVUConnectionReuse",
            FLAG,
            "False",
            "New connections for every iteration, and TLS sessions too",
            "no_vu_connection_reuse",
        ),
        OptionKey(
            "noCookiesReset",
            FLAG,
            "False",
            "Keep a user's cookies from one iteration to the next",
            "no_cookies_reset",
        ),
        OptionKey("throw", FLAG, "False", "Raise on network errors", "throw"),
        OptionKey(
            "hosts",
            TEXT_TABLE,
            "{}",
            "Address to connect to, by host name: `host[:port]` to `address[:port]`",
            "hosts",
        ),
        OptionKey(
            "tlsAuth",
            CLIENT_CERTIFICATES,
            "[]",
            "Client certificates: the first whose `domains` has the host is shown",
            "tls_auth",
        ),
        OptionKey(
            "tlsCAFile",
            PEM_FILE,
            "–",
            "Authorities to trust besides the system's, for servers' certificates",
            "tls_ca_file",
        ),
        OptionKey(
            "proxy",
            PROXY,
            "–",
            "Send everything through this proxy: `http://[user:password@]host[:port]`",
            "proxy",
        ),
        OptionKey(
            "proxyFromEnvironment",
            FLAG,
            "False",
            "Use the proxies of `HTTP_PROXY` and `HTTPS_PROXY`, and none for hosts in `NO_PROXY`",
            "proxy_from_environment",
        ),
        OptionKey(
            "foldUrls",
            FLAG,
            "True",
            "Write ids in the URLs of requests without a name as `{id}`",
            "fold_urls",
        ),
        OptionKey(
            "discardResponseBodies",
            FLAG,
            "False",
            "Receive and count bodies without keeping them, unless a request has `response_type`",
            "discard_response_bodies",
        ),
        OptionKey(
            "traceShare",
            SHARE,
            "–",
            "Send `traceparent` with every request; of this share, 0 to 1, traces are recorded",
            "trace_share",
        ),
        OptionKey(
            "requestSamples",
            FLAG,
            "True",
            "Tell of some failed requests and of the slowest by themselves",
            "request_samples",
        ),
        OptionKey(
            "batch", whole_number(1), "20", "Requests of one `vu.http.batch` at once", "batch"
        ),
        OptionKey(
            "batchPerHost",
            whole_number(1),
            "6",
            "Connections of one virtual user to one host; further requests wait",
            "batch_per_host",
        ),
    )
)

RUN = KeyTable(
    (
        OptionKey(
            "thresholds", THRESHOLDS, "{}", "Criteria of the verdict, by metric", "thresholds"
        ),
        OptionKey(
            "defaultGates",
            FLAG,
            "True",
            "Judge checks, failed requests and failed iterations even without thresholds on them",
            "default_gates",
        ),
        OptionKey(
            "excludeWarmUp",
            FLAG,
            "True",
            "Leave the warm-up out of thresholds and summary, unless they name a phase",
            "exclude_warm_up",
        ),
        OptionKey("tags", TEXT_TABLE, "{}", "Tags of every sample", "tags"),
        OptionKey("setupTimeout", POSITIVE, "1m", "Limit of `setup`", "setup_timeout_ns"),
        OptionKey("teardownTimeout", POSITIVE, "1m", "Limit of `teardown`", "teardown_timeout_ns"),
        OptionKey(
            "minIterationDuration",
            duration(zero=True),
            "0s",
            "A user waits out the rest of an iteration that was shorter",
            "min_iteration_duration_ns",
        ),
        OptionKey(
            "summaryTrendStats",
            TREND_STATS,
            "avg, min, med, max, p(90), p(95), p(99)",
            "Columns of trends in the summary",
            "summary_trend_stats",
        ),
    )
)

NOT_YET = (
    "blacklistIPs",
    "blockHostnames",
    "executionSegment",
    "httpDebug",
    "localIPs",
    "rps",
    "summaryTimeUnit",
    "systemTags",
    "tlsCipherSuites",
    "tlsVersion",
)
"""k6's options that would change a run and do not exist here: refused, never ignored."""

SCENARIO_KEYS = [key.name for keys in (COMMON, *OWN.values()) for key in keys]

OPTIONS = KeyTable(
    (*SHORTCUTS, *RUN.keys.values(), *HTTP.keys.values()),
    elsewhere={
        **dict.fromkeys(SCENARIO_KEYS, "it is an option of a scenario"),
        **dict.fromkeys(NOT_YET, "this version does not have that option of k6"),
    },
)

KIND_OF_LOAD = ("iterations", "duration", "stages", "scenarios")
"""Keys that each say by themselves what the load is."""


def select(table: KeyTable, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of all the values read, those of one part of the table, by the plan's field names."""
    return table.fields({name: value for name, value in values.items() if name in table.keys})
