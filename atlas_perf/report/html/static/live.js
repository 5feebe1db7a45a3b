// The page of a run that goes on: what its stream tells, put into the charts of the report.
"use strict";
(() => {
  document.documentElement.classList.add("scripted");
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const id = (name) => document.getElementById(name);
  const token = document.querySelector("[data-token]").dataset.token;
  const say = (name, text) => { id(name).textContent = text ?? ""; };
  atlas.theme.start();
  atlas.tooltips.start(data.definitions);

  let run = 0;
  let series = null;
  let shown = "";
  let charts = null;

  const whole = (value) => atlas.numbers.text(value >= 10 ? Math.round(value) : value, "");

  // Without any other kind of exchange, that there are none is news.
  const hasRequests = (state) => {
    const { ws_sessions, sse_events, tasks_ended } = state.exchanges;
    return state.requests > 0 || !(ws_sessions || sse_events || tasks_ended);
  };

  const FIGURES = [
    ["Users", (state) => `${state.vus} of ${state.vus_max}`],
    ["Arrivals a second", (state) => (state.planned_per_s === null || state.planned_per_s === undefined ? null : `${whole(state.started_per_s)} of ${whole(state.planned_per_s)}`)],
    ["Requests a second", (state) => (hasRequests(state) ? whole(state.requests_per_s) : null)],
    ["Sessions", (state) => (state.exchanges.ws_sessions ? atlas.numbers.text(state.exchanges.ws_sessions_open, "") : null)],
    ["Messages sent a second", (state) => (state.exchanges.ws_sessions ? whole(state.exchanges.ws_msgs_sent_per_s) : null)],
    ["Received a second", (state) => (state.exchanges.ws_sessions ? whole(state.exchanges.ws_msgs_received_per_s) : null)],
    ["Events a second", (state) => (state.exchanges.sse_events ? whole(state.exchanges.sse_events_per_s) : null)],
    ["Tasks a second", (state) => (state.exchanges.tasks_ended ? whole(state.exchanges.tasks_ended_per_s) : null)],
    ["p95", (state) => (hasRequests(state) ? atlas.numbers.text(state.response_p95_ms ?? state.p95_ms, "ms") : null)],
    ["Round trip p95", (state) => (state.exchanges.ws_sessions ? atlas.numbers.text(state.exchanges.ws_rtt_p95_ms, "ms") : null)],
    ["Failed requests", (state) => (hasRequests(state) ? atlas.numbers.text(state.failed_requests, "") : null), (state) => state.failed_requests > 0],
    ["Failed sessions", (state) => (state.exchanges.ws_sessions ? atlas.numbers.text(state.exchanges.ws_sessions_failed, "") : null), (state) => state.exchanges.ws_sessions_failed > 0],
    ["Lost messages", (state) => (state.exchanges.ws_msgs_lost ? atlas.numbers.text(state.exchanges.ws_msgs_lost, "") : null), () => true],
    ["Failed tasks", (state) => (state.exchanges.tasks_failed ? atlas.numbers.text(state.exchanges.tasks_failed, "") : null), () => true],
    ["Failed checks", (state) => atlas.numbers.text(state.checks_failed, ""), (state) => state.checks_failed > 0],
    ["Dropped", (state) => (state.dropped ? atlas.numbers.text(state.dropped, "") : null), () => true],
    ["Iterations", (state) => atlas.numbers.text(state.iterations, "")],
    ["Workers", (state) => `${state.workers_alive} of ${state.workers}`, (state) => state.workers_alive < state.workers],
    ["Generator lag", (state) => atlas.numbers.text(state.health.loop_lag_ms, "ms"), (state) => state.health.loop_lag_ms >= 20],
  ];

  const figure = (label, text, isBad) => {
    const place = atlas.chart.element("div");
    const value = atlas.chart.element("dd", isBad ? "bad" : "");
    value.append(atlas.chart.element("span", "big", text));
    place.append(atlas.chart.element("dt", "", label), value);
    return place;
  };

  const showFigures = (state) => {
    if (!state.health) return;
    const shown = FIGURES.map(([label, text, isBad]) => [label, text(state), isBad?.(state)]).filter(([, text]) => text !== null);
    id("live-figures").replaceChildren(...shown.map((one) => figure(...one)));
  };

  const showTime = (state) => {
    if (state.planned_s === undefined) return;
    id("live-bar").value = state.planned_s > 0 ? Math.min(1, state.elapsed_s / state.planned_s) : 0;
    const left = Math.max(0, state.planned_s - state.elapsed_s);
    const phases = (state.load_phases ?? []).join(" + ") || state.phase;
    say("live-time", `${phases} · ${atlas.numbers.clock(state.elapsed_s)} of ${atlas.numbers.clock(state.planned_s)}, ${atlas.numbers.clock(left)} left`);
  };

  const showState = (state) => {
    const finished = state.phase === "finished" && state.verdict;
    say("live-phase", finished ? state.verdict : state.phase);
    say("live-name", state.name);
    say("live-target", [state.name, state.target].filter(Boolean).join(" · "));
    say("live-word", finished ? state.verdict : "LIVE");
    say("live-meaning", finished ? state.headline : state.message || state.phase);
    document.title = `${finished ? state.verdict : "live"} · ${state.name ?? "atlas-perf"}`;
    const section = document.querySelector(".live-state");
    section.classList.toggle("good", state.verdict === "PASS");
    section.classList.toggle("bad", state.verdict === "FAIL" || state.verdict === "INVALID");
    section.classList.toggle("open", !["PASS", "FAIL", "INVALID"].includes(state.verdict));
    const reasons = finished ? [...state.reasons, `The report is in ${state.results}.`] : [];
    id("live-reasons").replaceChildren(...reasons.map((reason) => atlas.chart.element("li", "", reason)));
    id("live-stop").disabled = Boolean(finished);
    showTime(state);
    showFigures(state);
  };

  // Lines have a place from the first second on that has something to show of them.
  const draw = (names) => {
    const drawn = { ...series, columns: Object.fromEntries(names.map((name) => [name, series.columns[name]])) };
    if (charts !== null && shown === names.join()) {
      charts.update([drawn]);
      return;
    }
    charts?.remove();
    shown = names.join();
    charts = atlas.timeline.create(id("timeline"), [drawn], { grows: true });
  };

  const grow = (message) => {
    const fresh = message.columns;
    if (message.run !== run) {
      run = message.run;
      series = null;
      charts?.remove();
      charts = null;
      say("live-stopped", "");
    }
    if (!fresh.second.length) return;
    if (series === null) {
      series = { label: message.state.name ?? "run", columns: fresh, phases: [], spectra: null };
    } else {
      for (const [name, column] of Object.entries(fresh)) {
        series.columns[name] = (series.columns[name] ?? []).concat(column).slice(-message.most_seconds);
      }
    }
    id("live-wait").hidden = true;
    draw(message.shown);
  };

  const stream = new EventSource(`/events?token=${encodeURIComponent(token)}`);
  stream.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    grow(message);
    showState(message.state);
  });
  stream.addEventListener("end", () => stream.close());
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) return;
    say("live-stopped", "The command does not answer any more.");
  });

  id("live-stop").addEventListener("click", async () => {
    say("live-stopped", "Stopping: iterations under way may finish.");
    const answer = await fetch("/stop", { method: "POST", headers: { "X-Atlas-Perf-Token": token } });
    if (!answer.ok) say("live-stopped", `The run was not stopped: ${answer.status}.`);
  });

  atlas.theme.onChange(() => atlas.chart.redraw());
})();
