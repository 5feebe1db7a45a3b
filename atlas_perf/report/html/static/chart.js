// One chart: a head, a legend whose entries switch lines, the lines themselves, and their table.
//
// atlas.chart.create(host, spec) returns { update(x, columns), remove(), root }. A spec has
//   title, unit          what is drawn, and how its numbers are written
//   lines                [{ label, colour, dash, fill, stepped, hidden }] in the order of columns
//   x, columns           numbers and nulls, all of one length
//   height, sync         in pixels; charts of one sync share their cursor and their zoom
//   phases               [{ phase, begin_s, end_s }] that are shaded; named: whether with their names
//   xText, xSplits, log  of the axis: how it is written, where its ticks are, logarithmic
//   canLog, startsLog    whether a button turns the values' axis into a logarithmic one; whether it is at first
//   about                a sentence on what the reader sees
"use strict";
(() => {
  const AXIS_FONT = '12px system-ui, "Segoe UI", "Liberation Sans", sans-serif';
  const LEFT = () => (innerWidth < 500 ? 52 : 64);
  const STEPS_S = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400];
  const all = new Set();

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const translucent = (colour, share) => colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${share})`);

  // Shades of the phases behind the lines, and their names at the top of the first chart.
  const shading = (spec) => ({
    hooks: {
      drawClear: (plot) => {
        const { ctx, bbox } = plot;
        ctx.save();
        let free = bbox.left;
        for (const span of spec.phases ?? []) {
          const from = Math.max(bbox.left, plot.valToPos(span.begin_s, "x", true));
          const to = Math.min(bbox.left + bbox.width, plot.valToPos(span.end_s, "x", true));
          if (to <= from) continue;
          if (span.phase !== "steady") {
            ctx.fillStyle = atlas.theme.colour(`phase-${span.phase}`);
            ctx.fillRect(from, bbox.top, to - from, bbox.height);
          }
          if (!spec.named) continue;
          ctx.font = AXIS_FONT.replace("12px", `${11 * devicePixelRatio}px`);
          const whose = span.scenario ? `${span.scenario}: ` : "";
          const name = `${whose}${span.phase}${span.counted ? "" : ", not counted"}`;
          const inset = 6 * devicePixelRatio;
          if (from < free || ctx.measureText(name).width + 2 * inset > to - from) continue;
          ctx.fillStyle = atlas.theme.colour("muted");
          ctx.textBaseline = "top";
          ctx.textAlign = "left";
          ctx.fillText(name, from + inset, bbox.top + inset / 1.5);
          free = to;
        }
        ctx.restore();
      },
    },
  });

  const range = (spec, isLog) => (plot, low, high) => {
    if (low === null || high === null) return isLog ? [1, 10] : [0, 1];
    if (isLog) return uPlot.rangeLog(Math.max(low, 1e-6), Math.max(high, 1e-5), 10, true);
    const top = spec.unit === "share" && high > 0.5 && high <= 1 ? 1 : high;
    return [0, top === 0 ? (spec.unit === "share" ? 0.1 : 1) : top * 1.06];
  };

  const seriesOf = (spec, line) => ({
    label: line.label,
    show: !line.hidden,
    scale: "y",
    stroke: () => atlas.theme.colour(line.colour),
    width: line.width ?? 1.75,
    dash: line.dash,
    fill: line.fill ? () => translucent(atlas.theme.colour(line.colour), 0.13) : undefined,
    paths: line.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
    points: { show: (plot, index) => spec.x.length < 3 || lonely(plot.data[index]), size: 5 },
    spanGaps: Boolean(line.spansGaps),
  });

  // A value with none beside it would not be seen as a line.
  const lonely = (column) => {
    const there = column.filter((value) => value !== null && value !== undefined).length;
    return there > 0 && there < 3;
  };

  const options = (chart, width) => {
    const { spec } = chart;
    const line = () => atlas.theme.colour("grid");
    const text = () => atlas.theme.colour("muted");
    const axis = { stroke: text, font: AXIS_FONT, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    return {
      width,
      height: spec.height,
      padding: [8, 26, 0, 0],
      legend: { show: false },
      plugins: [shading(spec)],
      cursor: {
        y: false,
        points: { size: 7 },
        drag: { x: true, y: false, setScale: true },
        sync: spec.sync ? { key: spec.sync, setSeries: false } : undefined,
      },
      scales: {
        x: { time: false, distr: spec.log ? 3 : 1, range: (_plot, low, high) => [low, high > low ? high : low + 1] },
        y: { distr: chart.isLog ? 3 : 1, range: range(spec, chart.isLog) },
      },
      axes: [
        {
          ...axis,
          size: 28,
          space: 70,
          incrs: STEPS_S,
          splits: spec.xSplits,
          filter: spec.xSplits ? (_plot, splits) => splits : undefined,
          values: (_plot, splits) => splits.map((value) => (value === null ? "" : (spec.xText ?? atlas.numbers.clock)(value))),
        },
        {
          ...axis,
          size: LEFT(),
          space: 28,
          values: (_plot, splits) => splits.map((value) => (value === null ? "" : atlas.numbers.tick(value, spec.unit))),
        },
      ],
      series: [{}, ...spec.lines.map((one) => seriesOf(spec, one))],
      hooks: { setCursor: [(plot) => chart.tell(plot.cursor.idx)], setScale: [(plot, key) => key === "x" && chart.zoomed(plot)] },
    };
  };

  class Chart {
    constructor(host, spec) {
      this.spec = spec;
      this.isLog = Boolean(spec.startsLog);
      this.root = element("figure", "chart");
      this.root.dataset.chart = spec.key ?? spec.title;
      this.root.append(this.#head(), this.#legend(), this.#plot());
      host.append(this.root);
      this.draw();
      all.add(this);
      this.observer = new ResizeObserver(() => this.#resize());
      this.observer.observe(this.holder);
    }

    // New values for the same lines: a live page calls it once a second.
    update(x, columns) {
      this.spec.x = x;
      this.spec.columns = columns;
      this.plot.setData([x, ...columns]);
      this.#describe();
    }

    remove() {
      all.delete(this);
      this.observer.disconnect();
      this.plot.destroy();
      this.root.remove();
    }

    draw() {
      this.plot?.destroy();
      const width = this.holder.clientWidth || 600;
      this.plot = new uPlot(options(this, width), [this.spec.x, ...this.spec.columns], this.holder);
      this.#describe();
    }

    // Values under the cursor, in the legend; also those of a chart that shares it.
    tell(index) {
      const there = index !== null && index !== undefined;
      this.at.textContent = there ? (this.spec.xText ?? atlas.numbers.clock)(this.spec.x[index]) : "";
      this.values.forEach((place, line) => {
        place.textContent = there ? atlas.numbers.text(this.spec.columns[line][index], this.spec.unit) : "";
      });
    }

    zoomed(plot) {
      const { x } = this.spec;
      const whole = plot.scales.x.min <= x[0] && plot.scales.x.max >= x[x.length - 1];
      this.reset.hidden = whole;
    }

    #head() {
      const head = element("figcaption", "chart-head");
      const title = element("span", "chart-title", this.spec.title);
      this.at = element("span", "chart-at");
      this.at.setAttribute("aria-live", "polite");
      const tools = element("span", "chart-tools");
      this.reset = element("button", "quiet", "Whole run");
      this.reset.type = "button";
      this.reset.hidden = true;
      this.reset.addEventListener("click", () => {
        for (const chart of this.#peers()) chart.#whole();
      });
      tools.append(this.reset);
      if (this.spec.canLog) tools.append(this.#logButton());
      tools.append(atlas.chartTable.button(this));
      head.append(title, element("span", "chart-unit", this.spec.about ?? ""), this.at, tools);
      return head;
    }

    #logButton() {
      const button = element("button", "quiet", "Log scale");
      button.type = "button";
      button.setAttribute("aria-pressed", String(this.isLog));
      button.addEventListener("click", () => {
        this.isLog = !this.isLog;
        button.setAttribute("aria-pressed", String(this.isLog));
        this.draw();
      });
      return button;
    }

    #legend() {
      const list = element("ul", "legend");
      this.values = this.spec.lines.map((line, index) => {
        const button = element("button");
        button.type = "button";
        button.setAttribute("aria-pressed", String(!line.hidden));
        const sample = element("span", `legend-line${line.dash ? " dashed" : ""}`);
        sample.style.borderTopColor = `var(--${line.colour})`;
        const value = element("span", "legend-value");
        button.append(sample, element("span", "legend-name", line.label), value);
        button.addEventListener("click", () => {
          line.hidden = !line.hidden;
          button.setAttribute("aria-pressed", String(!line.hidden));
          this.plot.setSeries(index + 1, { show: !line.hidden });
        });
        const item = element("li");
        item.append(button);
        list.append(item);
        return value;
      });
      return list;
    }

    #plot() {
      this.holder = element("div", "plot");
      this.holder.tabIndex = 0;
      this.holder.setAttribute("role", "img");
      this.holder.style.height = `${this.spec.height}px`;
      this.holder.addEventListener("keydown", (event) => this.#key(event));
      return this.holder;
    }

    // Arrow keys move the cursor by one value, with Shift by ten.
    #key(event) {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const last = this.spec.x.length - 1;
      const from = this.plot.cursor.idx ?? (step > 0 ? -1 : last + 1);
      const index = Math.min(last, Math.max(0, from + step * (event.shiftKey ? 10 : 1)));
      for (const chart of this.#peers()) chart.#read(this.spec.x[index]);
    }

    #read(x) {
      this.plot.setCursor({ left: this.plot.valToPos(x, "x"), top: 0 }, true, false);
    }

    // The charts that share cursor and zoom with this one, itself included.
    #peers() {
      return [...all].filter((chart) => chart === this || (this.spec.sync && chart.spec.sync === this.spec.sync));
    }

    #whole() {
      const { x } = this.spec;
      this.plot.setScale("x", { min: x[0], max: x[x.length - 1] });
    }

    #resize() {
      const width = this.holder.clientWidth;
      if (width && width !== this.plot.width) this.plot.setSize({ width, height: this.spec.height });
    }

    // In words, for who cannot see it: from where to where each line goes.
    #describe() {
      const parts = this.spec.lines.map((line, index) => {
        const there = this.spec.columns[index].filter((value) => value !== null && value !== undefined);
        if (!there.length) return `${line.label}: no values`;
        const low = atlas.numbers.text(Math.min(...there), this.spec.unit);
        const high = atlas.numbers.text(Math.max(...there), this.spec.unit);
        return `${line.label}: ${low} to ${high}`;
      });
      this.holder.setAttribute("aria-label", `${this.spec.title}. ${parts.join("; ")}. Left and right arrow keys read values.`);
    }
  }

  const redraw = () => all.forEach((chart) => chart.draw());

  atlas.chart = { create: (host, spec) => new Chart(host, spec), redraw, element, translucent };
})();
