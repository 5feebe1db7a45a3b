// The page of a run that goes on: what its stream tells, put into the charts of the report.
"use strict";
(() => {
  document.documentElement.classList.add("scripted");
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const id = (name) => document.getElementById(name);
  const home = id("live-state");
  const { token, command } = home.dataset;
  const { element } = atlas.chart;
  const { clock } = atlas.numbers;
  const RETRY_MS = 5000;
  const TONES = ["live", "good", "bad", "open"];
  const VERDICTS = { PASS: "good", FAIL: "bad", INVALID: "bad" };
  const WORDS = {
    waiting: "waiting for the run",
    starting: "its workers start",
    setup: "setup is under way",
    stopping: "no new iterations; those begun may finish",
    teardown: "teardown is under way",
    finished: "judging, and writing the results",
  };

  atlas.theme.start();
  atlas.tooltips.start(data.definitions);
  const say = (name, text) => {
    const place = id(name);
    if (place.textContent !== text) place.textContent = text;
  };
  const figures = atlas.liveFigures.create(id("live-figures"));
  const stop = atlas.liveStop.create(token, (text) => say("live-said", text));

  let run = 0;
  let series = null;
  let charts = null;
  let last = { phase: "waiting", names: [], ended: [], notes: [] };
  let isOpen = false;
  let hasEnded = false;

  // The state

  const toneOf = (state) => {
    if (state.verdict) return VERDICTS[state.verdict] ?? "open";
    return state.broken ? "bad" : "live";
  };

  const wordOf = (state) => {
    if (state.verdict) return state.verdict;
    return state.broken ? "NO VERDICT" : "LIVE";
  };

  const meaningOf = (state) => {
    if (state.verdict) return state.headline;
    if (state.broken) return state.broken;
    return (state.load_phases ?? []).join(" + ") || WORDS[state.phase] || "under load";
  };

  const titleOf = (state) => {
    const name = state.name ?? "atlas-perf";
    if (state.verdict || state.broken) return `${wordOf(state)} · ${name}`;
    const share = state.planned_s > 0 ? Math.min(1, state.elapsed_s / state.planned_s) : 0;
    return `${Math.round(share * 100)} % · ${name}`;
  };

  const whereOf = ({ name, target, names, ended, verdict }) => {
    const number = ended.length + (verdict ? 0 : 1);
    const of = names.length > 1 ? `run ${Math.min(number, names.length)} of ${names.length}` : "";
    return [name, target, of].filter(Boolean).join(" · ") || "\u00a0";
  };

  const showTime = (state) => {
    const isOver = Boolean(state.verdict || state.broken);
    id("live-bar").hidden = isOver;
    if (state.planned_s === undefined) return say("live-time", "\u00a0");
    const { elapsed_s: elapsed, planned_s: planned } = state;
    id("live-bar").value = planned > 0 ? Math.min(1, elapsed / planned) : 0;
    if (isOver) return say("live-time", `after ${clock(elapsed)} of ${clock(planned)} planned`);
    const left = elapsed > planned ? "longer than planned" : `${clock(planned - elapsed)} left`;
    say("live-time", `${clock(elapsed)} of ${clock(planned)}, ${left}`);
  };

  const remarkOf = (state) => {
    const remarks = [];
    if (state.verdict) remarks.push(`The results are in ${state.results}: open report.html there.`);
    if (state.verdict && state.broken) remarks.push(`Then the command ended: ${state.broken}`);
    if (state.stopping && !state.verdict && !state.broken) remarks.push("Stop was pressed.");
    if (hasEnded) {
      const missing = state.names.slice(state.ended.length + (state.verdict ? 0 : 1));
      if (missing.length) remarks.push(`Not run: ${missing.join(", ")}.`);
      remarks.push("The command has ended; this page stays as it is.");
    }
    return remarks.join(" ");
  };

  const fill = (list, items) => list.replaceChildren(...items.map((parts) => {
    const item = element("li");
    item.append(...parts);
    return item;
  }));

  const showLists = (state) => {
    const before = state.verdict ? state.ended.slice(0, -1) : state.ended;
    id("live-ended").hidden = !before.length;
    fill(id("live-ended").querySelector("ul"), before.map((one) => [
      element("span", `inline-verdict ${VERDICTS[one.verdict] ?? "open"}`, one.verdict),
      element("span", "live-list-name", one.name),
      element("span", "", `${one.headline} · ${one.results}`),
    ]));
    id("live-notes").hidden = !state.notes.length;
    const notes = id("live-notes").querySelector("ul");
    if (notes.childElementCount === state.notes.length && notes.lastChild?.textContent.endsWith(state.notes.at(-1)?.text)) return;
    fill(notes, state.notes.map((one) => [element("span", "live-list-name", clock(one.at_s)), element("span", "", one.text)]));
  };

  const show = (state) => {
    last = state;
    const isOver = Boolean(state.verdict || state.broken);
    const tone = toneOf(state);
    home.classList.remove(...TONES);
    home.classList.add(tone);
    id("live-phase").className = `bar-verdict ${tone}`;
    say("live-phase", wordOf(state));
    say("live-name", state.name ?? "");
    say("live-target", whereOf(state));
    say("live-word", wordOf(state));
    say("live-meaning", meaningOf(state));
    document.title = titleOf(state);
    const reasons = state.verdict ? state.reasons : [];
    id("live-reasons").hidden = !reasons.length;
    if (id("live-reasons").childElementCount !== reasons.length) fill(id("live-reasons"), reasons.map((one) => [one]));
    id("live-controls").hidden = hasEnded || isOver;
    say("live-said", remarkOf(state));
    stop.show(state, isOpen && !isOver);
    showTime(state);
    figures.show(state);
    showLists(state);
  };

  // The charts

  const forget = () => {
    charts?.remove();
    charts = null;
    series = null;
  };

  const grow = ({ run: number, anew, columns, most_seconds: most, state }) => {
    if (anew) {
      const isSame = number === run && series && Object.keys(columns).join() === Object.keys(series.columns).join();
      if (!isSame) forget();
      series = { label: state.name ?? "run", columns, phases: state.spans ?? [], spectra: null };
    } else if (series && columns.second?.length) {
      for (const [name, column] of Object.entries(columns)) series.columns[name] = series.columns[name].concat(column).slice(-most);
    }
    run = number;
    const isEmpty = !series?.columns.second?.length;
    id("live-wait").hidden = !isEmpty;
    if (isEmpty) return;
    if (charts === null) {
      charts = atlas.timeline.create(id("timeline"), [series], { grows: true });
    } else if (columns.second.length) {
      charts.update([series]);
    }
  };

  // The stream

  const lose = (text) => {
    isOpen = false;
    say("live-lost", text);
    id("live-lost").hidden = !text;
    stop.show(last, false);
  };

  const listen = () => {
    const stream = new EventSource(`/events?token=${encodeURIComponent(token)}`);
    stream.addEventListener("command", (event) => {
      if (event.data === command) {
        lose("");
        isOpen = true;
        return;
      }
      stream.close();
      lose("Another command answers at this address now: reload the page to watch its run.");
    });
    stream.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      grow(message);
      show(message.state);
    });
    stream.addEventListener("end", () => {
      stream.close();
      hasEnded = true;
      show(last);
    });
    stream.addEventListener("error", () => {
      if (hasEnded) return;
      lose("The command does not answer; this page tries again. What it shows is from before.");
      if (stream.readyState === EventSource.CLOSED) setTimeout(askWhy, 0);
    });
  };

  // A stream that is refused does not say why; a request for it does.
  const askWhy = async () => {
    const asking = new AbortController();
    try {
      const answer = await fetch(`/events?token=${encodeURIComponent(token)}`, { signal: asking.signal });
      if (answer.ok) {
        asking.abort();
        listen();
        return;
      }
      lose(`${(await answer.text()).trim()} This page tries again.`);
    } catch {
      // It does not answer at all, as was said.
    }
    setTimeout(listen, RETRY_MS);
  };

  show(last);
  listen();
  atlas.theme.onChange(() => atlas.chart.redraw());
})();
