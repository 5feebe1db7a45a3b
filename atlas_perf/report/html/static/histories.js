// How the value of a criterion went along, small, beside the criterion: with its limit if that is near.
"use strict";
(() => {
  const NEAR = 2.5;
  const made = [];

  const draw = (place, history) => {
    const x = history.values.map((_, index) => index);
    const there = history.values.filter((value) => value !== null);
    const high = Math.max(...there);
    const low = Math.min(...there);
    const { limit } = history;
    const isNear = limit !== null && limit <= Math.max(high, 1e-12) * NEAR;
    const top = Math.max(high, isNear ? limit : 0) || 1;
    const bottom = low > 0.5 * top ? low - (top - low) * 0.4 : 0;
    const tone = place.closest("tr")?.classList.contains("bad") ? "bad" : "p95";
    const colour = () => atlas.theme.colour(tone);
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `From ${atlas.numbers.text(history.values.find((v) => v !== null), "")} to ${atlas.numbers.text(there.at(-1), "")}, highest ${atlas.numbers.text(high, "")}, lowest ${atlas.numbers.text(low, "")}`);
    return new uPlot({
      width: place.clientWidth || 144,
      height: 38,
      padding: [3, 3, 3, 3],
      legend: { show: false },
      cursor: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: { x: { time: false }, y: { range: [Math.max(0, bottom), top * 1.08] } },
      series: [
        {},
        { stroke: colour, width: 1.5, fill: () => atlas.chart.translucent(colour(), 0.12), points: { show: history.values.length < 10, size: 4, fill: colour } },
        { show: isNear, stroke: () => atlas.theme.colour("muted"), width: 1, dash: [3, 3], points: { show: false } },
      ],
    }, [x, history.values, x.map(() => limit)], place);
  };

  const start = (histories) => {
    for (const history of histories) {
      const place = document.querySelector(`[data-history="${history.key}"]`);
      if (place) made.push({ place, history, plot: draw(place, history) });
    }
  };

  const redraw = () => {
    for (const one of made) {
      one.plot.destroy();
      one.plot = draw(one.place, one.history);
    }
  };

  atlas.histories = { start, redraw };
})();
