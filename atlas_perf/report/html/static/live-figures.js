// The figures of a run that goes on. Each has a place of its own from when there is something to say.
//
// atlas.liveFigures.create(host) returns { show(state) }, which puts a reading into them, and after the
// run's end the figures of its report in their place.
"use strict";
(() => {
  const MOST_COLUMNS = 7;
  const LAG_OF_NOTE_MS = 20;
  const KEPT_SHARE = 0.95; // of the planned rate, in one second: less is not chance

  const number = (value) => atlas.numbers.text(value, "");
  const perSecond = (value) => number(value >= 10 ? Math.round(value) : Number(value.toFixed(1)));
  const milliseconds = (value) => atlas.numbers.text(value, "ms");
  const soFar = (value) => `${number(value)} so far`;
  const part = (count, all) => {
    if (!all) return "";
    const percent = (count / Math.max(all, count)) * 100;
    return `${percent === 0 || percent >= 10 ? percent.toFixed(0) : percent.toPrecision(2)} % of ${number(Math.max(all, count))}`;
  };

  // Where nothing else went on either, that there were no requests is news.
  const hasRequests = ({ requests, exchanges }) =>
    requests > 0 || !(exchanges.ws_sessions || exchanges.sse_events || exchanges.tasks_ended);
  const isDue = (state) => state.planned_per_s > 0;

  // What makes one: whether it is there, its label, number, a few words beneath, and whether that is bad.
  const FIGURES = [
    { about: "live_users", label: "Virtual users", text: (s) => number(s.vus), beneath: (s) => `of ${number(s.vus_max)}` },
    {
      about: "live_arrivals", when: (s) => s.open, label: "Arrivals a second",
      text: (s) => perSecond(s.started_per_s), beneath: (s) => (isDue(s) ? `of ${perSecond(s.planned_per_s)} planned` : "none is due"),
      bad: (s) => isDue(s) && s.started_per_s < KEPT_SHARE * s.planned_per_s,
    },
    { about: "live_iterations", when: (s) => !s.open, label: "Iterations", text: (s) => number(s.iterations), beneath: () => "so far" },
    { about: "live_requests", when: hasRequests, label: "Requests a second", text: (s) => perSecond(s.requests_per_s), beneath: (s) => soFar(s.requests) },
    {
      about: "live_latency", when: hasRequests, label: "Latency p95", text: (s) => milliseconds(s.response_p95_ms ?? s.p95_ms),
      beneath: (s) => (s.response_p95_ms === null ? "" : `response; service ${milliseconds(s.p95_ms)}`),
    },
    {
      about: "live_failed", when: hasRequests, label: "Failed requests", text: (s) => number(s.failed_requests),
      beneath: (s) => part(s.failed_requests, s.requests), bad: (s) => s.failed_requests > 0,
    },
    { about: "live_sessions", when: (s) => s.exchanges.ws_sessions > 0, label: "Open sessions", text: (s) => number(s.exchanges.ws_sessions_open), beneath: (s) => soFar(s.exchanges.ws_sessions) },
    { about: "live_sent", when: (s) => s.exchanges.ws_sessions > 0, label: "Sent a second", text: (s) => perSecond(s.exchanges.ws_msgs_sent_per_s), beneath: (s) => soFar(s.exchanges.ws_msgs_sent) },
    { about: "live_received", when: (s) => s.exchanges.ws_sessions > 0, label: "Received a second", text: (s) => perSecond(s.exchanges.ws_msgs_received_per_s), beneath: (s) => soFar(s.exchanges.ws_msgs_received) },
    { about: "live_round_trip", when: (s) => s.exchanges.ws_sessions > 0, label: "Round trip p95", text: (s) => milliseconds(s.exchanges.ws_rtt_p95_ms) },
    {
      about: "live_sessions_failed", when: (s) => s.exchanges.ws_sessions > 0, label: "Failed sessions", text: (s) => number(s.exchanges.ws_sessions_failed),
      beneath: (s) => part(s.exchanges.ws_sessions_failed, s.exchanges.ws_sessions), bad: (s) => s.exchanges.ws_sessions_failed > 0,
    },
    {
      about: "live_lost", when: (s) => s.exchanges.ws_msgs_sent > 0, label: "Lost messages", text: (s) => number(s.exchanges.ws_msgs_lost),
      beneath: (s) => part(s.exchanges.ws_msgs_lost, s.exchanges.ws_msgs_sent), bad: (s) => s.exchanges.ws_msgs_lost > 0,
    },
    { about: "live_events", when: (s) => s.exchanges.sse_events > 0, label: "Events a second", text: (s) => perSecond(s.exchanges.sse_events_per_s), beneath: (s) => soFar(s.exchanges.sse_events) },
    { about: "live_tasks", when: (s) => s.exchanges.tasks_ended > 0, label: "Tasks a second", text: (s) => perSecond(s.exchanges.tasks_ended_per_s), beneath: (s) => soFar(s.exchanges.tasks_ended) },
    {
      about: "live_tasks_failed", when: (s) => s.exchanges.tasks_ended > 0, label: "Failed tasks", text: (s) => number(s.exchanges.tasks_failed),
      beneath: (s) => part(s.exchanges.tasks_failed, s.exchanges.tasks_ended), bad: (s) => s.exchanges.tasks_failed > 0,
    },
    { about: "live_checks", label: "Failed checks", text: (s) => number(s.checks_failed), beneath: () => "so far", bad: (s) => s.checks_failed > 0 },
    { about: "live_dropped", when: (s) => s.open || s.dropped > 0, label: "Dropped iterations", text: (s) => number(s.dropped), beneath: () => "so far", bad: (s) => s.dropped > 0 },
    {
      about: "live_generator", label: "Generator lag", text: (s) => milliseconds(s.health.loop_lag_ms),
      beneath: (s) => `${s.workers_alive} of ${s.workers} workers`,
      bad: (s) => s.health.loop_lag_ms >= LAG_OF_NOTE_MS || s.workers_alive < s.workers,
    },
  ];

  const tile = (label, about) => {
    const { element } = atlas.chart;
    const root = element("div");
    const term = element("button", "term", label);
    const head = element("dt");
    const body = element("dd");
    const big = element("span", "big");
    const beneath = element("span", "beneath");
    root.dataset.about = about;
    term.type = "button";
    term.dataset.about = about;
    big.dataset.figure = label;
    head.append(term);
    body.append(big, beneath);
    root.append(head, body);
    const put = (text, words, tone) => {
      big.textContent = text;
      beneath.textContent = words || "\u00a0";
      body.className = tone;
    };
    return { root, put };
  };

  const create = (host) => {
    const now = FIGURES.map((figure) => tile(figure.label, figure.about));
    const hold = (tiles) => {
      if (tiles.length === host.childElementCount && tiles.every((one, index) => host.children[index] === one.root)) return;
      const rows = Math.ceil(tiles.length / MOST_COLUMNS);
      host.style.setProperty("--columns", Math.ceil(tiles.length / rows) || 1);
      host.replaceChildren(...tiles.map((one) => one.root));
    };
    const showNow = (state) => {
      FIGURES.forEach((figure, index) => {
        if (figure.when && !figure.when(state)) return;
        now[index].put(figure.text(state), figure.beneath?.(state), figure.bad?.(state) ? "bad" : "");
      });
      hold(now.filter((_, index) => FIGURES[index].when?.(state) ?? true));
    };
    const showEnd = (figures) => {
      hold(
        figures.map((figure) => {
          const made = tile(figure.label, figure.about);
          made.put(figure.text, figure.beneath, figure.tone);
          return made;
        }),
      );
    };
    const show = (state) => {
      if (state.verdict) showEnd(state.figures);
      else if (state.health) showNow(state);
      else hold([]);
    };
    return { show };
  };

  atlas.liveFigures = { create };
})();
