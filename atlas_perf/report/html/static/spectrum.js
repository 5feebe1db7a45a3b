// Latency by percentile on an axis of 1/(1-q), where each nine has as much room as the one before.
"use strict";
(() => {
  const FIRST = 5;
  const COLOURS = 8;
  const FAR_APART = 20;
  const TICKS = [1, 2, 4, 10, 100, 1000, 10000, 100000, 1000000];

  const percentile = (tail) => {
    if (tail === 1) return "min";
    const digits = Math.max(0, Math.ceil(Math.log10(tail) - 1e-9) - 1);
    return `p${Number((100 * (1 - 1 / tail)).toFixed(digits))}`;
  };

  const lineOf = (curve, index, label) => ({
    label,
    curve,
    colour: `line-${(index % COLOURS) + 1}`,
    dash: index >= COLOURS ? [5, 4] : undefined,
    width: curve.whole ? 2.5 : 1.75,
    hidden: index >= FIRST,
  });

  const linesOf = (runs) => {
    if (runs.length === 1) {
      return runs[0].spectra.curves.map((curve, index) =>
        lineOf(curve, index, `${curve.name} (${curve.count.toLocaleString("en-US")})`));
    }
    const [base, candidate] = runs;
    return candidate.spectra.curves.flatMap((curve, index) => {
      const before = base.spectra.curves.find((one) => one.name === curve.name);
      if (!before) return [];
      const colour = `line-${(index % COLOURS) + 1}`;
      return [
        { ...lineOf(before, index, `${curve.name}, ${base.label}`), colour, dash: [5, 4], hidden: index > 0 },
        { ...lineOf(curve, index, `${curve.name}, ${candidate.label}`), colour, dash: undefined, hidden: index > 0 },
      ];
    });
  };

  // Tasks of seconds would press requests of milliseconds into one line at the bottom.
  const areFarApart = (lines, x) => {
    const shown = lines.filter((line) => !line.hidden);
    const median = x.findIndex((tail) => tail >= 2);
    const medians = shown.map((line) => line.curve.values_ms[median]).filter((value) => value > 0);
    return Math.max(...medians) > FAR_APART * Math.min(...medians);
  };

  const create = (host, runs) => {
    if (!host || runs.some((run) => !run.spectra)) return null;
    const longest = runs.map((run) => run.spectra.tails).reduce((a, b) => (a.length >= b.length ? a : b));
    const lines = linesOf(runs);
    const padded = (values) => longest.map((_, index) => values[index] ?? null);
    const phase = runs[0].spectra.phase;
    const card = atlas.chart.element("div", "card");
    host.append(card);
    return atlas.chart.create(card, {
      key: "spectrum",
      title: "Latency by percentile",
      about: `service time of successful requests${phase ? ` of the ${phase} phase` : ""}; a flat line is steady, a steep end is a long tail`,
      unit: "ms",
      height: 340,
      canLog: true,
      startsLog: areFarApart(lines, longest),
      log: true,
      lines,
      x: longest,
      columns: lines.map((line) => padded(line.curve.values_ms)),
      xText: percentile,
      xTitle: "Percentile",
      xSplits: (_plot, _axis, low, high) => TICKS.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001),
    });
  };

  atlas.spectrum = { create };
})();
