// The charts over time, of one run or of two laid over each other.
//
// atlas.timeline.create(host, runs) returns { update(runs), remove() }: a live page, which says that it
// grows, gives it the same columns, grown by a second.
"use strict";
(() => {
  const CARDS = [
    {
      charts: [
        {
          key: "latency", title: "Latency", unit: "ms", height: 280, named: true, canLog: true,
          about: "successful requests of each second; response: of arrival rates only, from when due; dashed: service of all",
          aboutClosed: "successful requests of each second",
          lines: [
            { column: "response_p50_ms", label: "response p50", colour: "p50" },
            { column: "response_p95_ms", label: "response p95", colour: "p95" },
            { column: "response_p99_ms", label: "response p99", colour: "p99" },
            { column: "p50_ms", label: "service p50", labelAlone: "p50", colour: "p50", under: "response_p50_ms" },
            { column: "p95_ms", label: "service p95", labelAlone: "p95", colour: "p95", under: "response_p95_ms" },
            { column: "p99_ms", label: "service p99", labelAlone: "p99", colour: "p99", under: "response_p99_ms" },
          ],
        },
        {
          key: "lateness", title: "Generator lateness", unit: "ms", height: 120,
          about: "what of the above may be the generator's own",
          lines: [
            { column: "loop_lag_max_ms", label: "event loop lag, max", colour: "trouble", fill: true },
            { column: "lag_p99_ms", label: "late starts, p99", colour: "third" },
            { column: "gc_pause_max_ms", label: "garbage collection, max", colour: "second" },
          ],
        },
        {
          key: "cpu", title: "Generator CPU", unit: "share", height: 120,
          about: "100 % is one core",
          lines: [
            { column: "loop_cpu_share_max", label: "busiest event loop", colour: "achieved", fill: true },
            { column: "cpu_wait_share_max", label: "waited for a CPU", colour: "trouble" },
            { column: "throttled_share_max", label: "held back by a limit", colour: "third" },
            { column: "steal_cores", label: "taken by the hypervisor", colour: "second" },
          ],
        },
      ],
    },
    {
      charts: [
        {
          key: "rate", title: "Rate", unit: "per_s", height: 200, named: true,
          about: "planned arrivals against those that were begun, and what they asked",
          aboutClosed: "what ended in each second",
          lines: [
            { column: "started_arrivals_per_s", label: "arrivals begun", colour: "achieved", fill: true },
            { column: "planned_arrivals_per_s", label: "arrivals planned", colour: "planned", dash: [6, 4] },
            { column: "requests_per_s", label: "requests", colour: "p95" },
            { column: "iterations_per_s", label: "iterations", colour: "second" },
          ],
        },
      ],
    },
    {
      charts: [
        {
          key: "messages", title: "Messages a second", unit: "per_s", height: 160, about: "over WebSockets",
          lines: [
            { column: "ws_msgs_sent_per_s", label: "sent", colour: "p95", fill: true },
            { column: "ws_msgs_received_per_s", label: "received", colour: "achieved" },
          ],
        },
        {
          key: "round-trips", title: "Round trips", unit: "ms", height: 160, canLog: true,
          about: "of messages that were answered",
          lines: [
            { column: "ws_rtt_p50_ms", label: "p50", colour: "p50" },
            { column: "ws_rtt_p95_ms", label: "p95", colour: "p95" },
            { column: "ws_rtt_p99_ms", label: "p99", colour: "p99" },
          ],
        },
        {
          key: "sessions", title: "WebSockets", unit: "", height: 120, about: "open at the end of each second",
          lines: [{ column: "ws_sessions_open", label: "open sessions", colour: "p95", fill: true, stepped: true }],
        },
      ],
    },
    {
      charts: [
        {
          key: "events", title: "Events a second", unit: "per_s", height: 120, about: "of event streams",
          lines: [{ column: "sse_events_per_s", label: "events", colour: "p95", fill: true }],
        },
        {
          key: "tasks", title: "Tasks a second", unit: "per_s", height: 120, about: "that ended, however they did",
          lines: [{ column: "tasks_ended_per_s", label: "tasks", colour: "achieved", fill: true }],
        },
      ],
    },
    {
      charts: [
        {
          key: "failures", title: "Failures", unit: "per_s", height: 140,
          about: "per second, by kind",
          empty: "Nothing failed, and nothing was lost, dropped or cut off.",
          lines: [
            { column: "failed_requests_per_s", label: "failed requests", colour: "trouble", fill: true },
            { column: "ws_sessions_failed_per_s", label: "failed sessions", colour: "p95" },
            { column: "ws_msgs_lost_per_s", label: "lost messages", colour: "p50" },
            { column: "tasks_failed_per_s", label: "failed tasks", colour: "line-8" },
            { column: "checks_failed_per_s", label: "failed checks", colour: "third" },
            { column: "dropped_iterations_per_s", label: "dropped iterations", colour: "second" },
            { column: "censored_requests_per_s", label: "cut off in flight", colour: "planned", dash: [4, 3] },
          ],
        },
      ],
    },
    {
      charts: [
        {
          key: "vus", title: "Virtual users", unit: "", height: 130, about: "at work",
          lines: [{ column: "vus", label: "virtual users", colour: "p95", fill: true, stepped: true }],
        },
      ],
    },
    {
      charts: [
        {
          key: "network", title: "Network", unit: "bytes_per_s", height: 120, about: "bytes on the sockets",
          lines: [
            { column: "bytes_received_per_s", label: "received", colour: "p95", fill: true },
            { column: "bytes_sent_per_s", label: "sent", colour: "second" },
          ],
        },
        {
          key: "descriptors", title: "Descriptors and ports", unit: "", height: 120,
          about: "of the generator and its machine",
          lines: [
            { column: "open_files", label: "open descriptors", colour: "p95" },
            { column: "time_wait", label: "closed connections that hold a port", colour: "third" },
          ],
        },
      ],
    },
  ];

  // The seconds of all runs, and a column of one run on them.
  const seconds = (runs) => [...new Set(runs.flatMap((run) => run.columns.second))].sort((a, b) => a - b);
  const aligned = (x, run, name) => {
    const column = run.columns[name];
    if (!column) return x.map(() => null);
    if (column.length === x.length) return column;
    const at = new Map(run.columns.second.map((second, index) => [second, column[index]]));
    return x.map((second) => at.get(second) ?? null);
  };

  const isEmpty = (run, name) => !run.columns[name]?.some((value) => value);

  // One run: every line that has something. Two: each line once for either run.
  const linesOf = (chart, runs) => {
    const present = chart.lines.filter((line) => runs.some((run) => line.column in run.columns));
    const open = present.some((line) => line.column.startsWith("response_"));
    if (runs.length === 1) {
      return present.map((line) => ({
        ...line,
        run: runs[0],
        label: open ? line.label : line.labelAlone ?? line.label,
        dash: line.under && open ? [5, 4] : line.dash,
      }));
    }
    const chosen = chart.key === "latency" ? present.filter((line) => !(open && line.under)) : present;
    return chosen.flatMap((line) =>
      runs.map((run, index) => ({
        ...line,
        run,
        label: `${open ? line.label : line.labelAlone ?? line.label}, ${run.label}`,
        colour: index === 0 ? "base" : "candidate",
        dash: index === 0 ? [5, 4] : undefined,
        fill: false,
        hidden: chart.key === "latency" && !line.column.endsWith("p95_ms"),
      })),
    );
  };

  const specOf = (chart, runs, x) => {
    const lines = linesOf(chart, runs);
    const open = lines.some((line) => line.column.startsWith("response_") || line.column.startsWith("planned_"));
    return {
      ...chart,
      about: open ? chart.about : chart.aboutClosed ?? chart.about,
      lines,
      x,
      columns: lines.map((line) => aligned(x, line.run, line.column)),
      sync: "time",
      phases: runs[0].phases,
    };
  };

  // Of runs without requests, messages come first: the generator's health stands below what it may spoil.
  const ordered = (runs) => {
    if (runs.some((run) => "p95_ms" in run.columns)) return CARDS;
    const isOfMessages = (card) => card.charts[0].key === "messages";
    return [...CARDS.filter(isOfMessages), ...CARDS.filter((card) => !isOfMessages(card))];
  };

  const create = (host, runs, { grows = false } = {}) => {
    const x = seconds(runs);
    const made = [];
    for (const card of ordered(runs)) {
      const place = atlas.chart.element("div", "card");
      for (const chart of card.charts) {
        const spec = specOf(chart, runs, x);
        if (!spec.lines.length) continue;
        if (!grows && chart.empty && spec.lines.every((line) => isEmpty(line.run, line.column))) {
          const figure = atlas.chart.element("div", "chart");
          figure.append(atlas.chart.element("span", "chart-title", chart.title), atlas.chart.element("p", "empty", chart.empty));
          place.append(figure);
          continue;
        }
        made.push(atlas.chart.create(place, spec));
      }
      if (place.childElementCount) host.append(place);
    }
    const update = (grown) => {
      const now = seconds(grown);
      for (const chart of made) {
        chart.update(now, chart.spec.lines.map((line) => aligned(now, grown[runs.indexOf(line.run)] ?? grown[0], line.column)));
      }
    };
    const remove = () => {
      for (const chart of made) chart.remove();
      host.replaceChildren();
    };
    return { update, remove };
  };

  atlas.timeline = { create };
})();
