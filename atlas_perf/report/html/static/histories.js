// How the value of a criterion went along, small, beside the criterion: with its limit if that is near.
// What a point is, is told on hover, and with the arrow keys where the line has the focus.
"use strict";
(() => {
  const NEAR = 2.5;
  const FEW = 10;
  const HEIGHT = 38;
  const NOT_MET = "not met";
  const VALUES = 1;
  const made = [];

  const isThere = (value) => value !== null;

  const text = (history, index) =>
    [history.points[index], atlas.numbers.text(history.values[index], history.unit), history.words[index]].filter(Boolean).join(" · ");

  const summary = (history) => {
    const there = history.values.filter(isThere);
    const said = (value) => atlas.numbers.text(value, history.unit);
    const missed = history.words.filter((word) => word === NOT_MET).length;
    const runs = history.words.length ? `${history.words.length} runs, ${missed} of them ${NOT_MET}. ` : "";
    return `${runs}From ${said(there[0])} to ${said(there.at(-1))}, highest ${said(Math.max(...there))}, lowest ${said(Math.min(...there))}, limit ${said(history.limit)}`;
  };

  const rangeOf = (history) => {
    const there = history.values.filter(isThere);
    const [low, high] = [Math.min(...there), Math.max(...there)];
    const isNear = history.limit <= Math.max(high, 1e-12) * NEAR;
    const top = Math.max(high, isNear ? history.limit : 0) || 1;
    const bottom = low > 0.5 * top ? low - (top - low) * 0.4 : 0;
    return { isNear, range: [Math.max(0, bottom), top * 1.08] };
  };

  // Runs are dots, and those that did not meet it rings: the shape says it, not only the colour.
  const dots = (colour, isRing) => ({
    width: 0,
    stroke: colour,
    paths: () => null,
    points: { show: true, size: isRing ? 7 : 5, width: isRing ? 1.75 : 0, stroke: colour, fill: isRing ? () => atlas.theme.colour("card") : colour },
  });

  const seriesOf = (place, history, isNear) => {
    const tone = place.closest("tr")?.classList.contains("bad") && !history.words.length ? "bad" : "p95";
    const colour = () => atlas.theme.colour(tone);
    const isFew = !history.words.length && history.values.length < FEW;
    return [
      {},
      { stroke: colour, width: 1.5, fill: () => atlas.chart.translucent(colour(), 0.12), points: { show: isFew, size: 4, fill: colour }, spanGaps: history.words.length > 0 },
      { show: isNear, stroke: () => atlas.theme.colour("muted"), width: 1, dash: [3, 3], points: { show: false } },
      dots(colour, false),
      dots(() => atlas.theme.colour("bad"), true),
    ];
  };

  const dataOf = (history) => {
    const { values, words, limit } = history;
    const where = (isWanted) => values.map((value, index) => (isWanted(words[index]) ? value : null));
    return [
      values.map((_, index) => index),
      values,
      values.map(() => limit),
      where((word) => word && word !== NOT_MET),
      where((word) => word === NOT_MET),
    ];
  };

  const draw = (place, history) => {
    const { isNear, range } = rangeOf(history);
    return new uPlot({
      width: place.clientWidth || 144,
      height: HEIGHT,
      padding: [5, 5, 4, 5],
      legend: { show: false },
      cursor: { x: false, y: false, drag: { x: false, y: false, setScale: false }, points: { show: (_plot, line) => (line === VALUES ? atlas.chart.element("div", "spark-point") : null) } },
      axes: [{ show: false }, { show: false }],
      scales: { x: { time: false }, y: { range } },
      series: seriesOf(place, history, isNear),
      hooks: { setCursor: [(plot) => tell(place, history, plot.cursor.idx)] },
    }, dataOf(history), place);
  };

  const tell = (place, history, index) => {
    if (index === null || index === undefined) atlas.tooltips.leave(place);
    else atlas.tooltips.tell(place, text(history, index));
  };

  // Left and right go from value to value; the newest is read first.
  const key = (one, event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const last = one.history.values.length - 1;
    read(one, Math.min(last, Math.max(0, (one.plot.cursor.idx ?? last) + step)));
  };

  const read = ({ plot }, index) => plot.setCursor({ left: plot.valToPos(index, "x"), top: 0 });

  // Each run in words, for who cannot see the line.
  const list = (history) => {
    const all = atlas.chart.element("ol", "visually-hidden");
    history.points.forEach((_, index) => all.append(atlas.chart.element("li", "", text(history, index))));
    return all;
  };

  const add = (place, history) => {
    place.tabIndex = 0;
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", summary(history));
    const one = { place, history, plot: draw(place, history) };
    place.addEventListener("focus", () => read(one, history.values.length - 1));
    place.addEventListener("blur", () => one.plot.setCursor({ left: -10, top: -10 }));
    place.addEventListener("keydown", (event) => key(one, event));
    if (history.words.length) place.after(list(history));
    made.push(one);
  };

  const start = (histories) => {
    for (const history of histories) {
      const place = document.querySelector(`[data-history="${history.key}"]`);
      if (place) add(place, history);
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
