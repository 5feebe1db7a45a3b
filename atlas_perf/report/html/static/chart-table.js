// The numbers of a chart as a table beneath it, made when it is asked for, and grown with its lines.
"use strict";
(() => {
  const fill = (table, spec) => {
    const { element } = atlas.chart;
    table.append(element("caption", "visually-hidden", spec.title));
    const head = table.createTHead().insertRow();
    for (const title of [spec.xTitle ?? "Time", ...spec.lines.map((line) => line.label)]) {
      const cell = element("th", "numeric", title);
      cell.scope = "col";
      head.append(cell);
    }
    grow(table.createTBody(), spec, []);
  };

  // A row for each value that is not shown yet; those that a long run has let go of leave.
  const grow = (body, spec, shown) => {
    const { element } = atlas.chart;
    while (shown.length && shown[0] < spec.x[0]) {
      shown.shift();
      body.deleteRow(0);
    }
    for (let row = shown.length; row < spec.x.length; row += 1) {
      const line = body.insertRow();
      const cell = element("th", "numeric", (spec.xText ?? atlas.numbers.clock)(spec.x[row]));
      cell.scope = "row";
      line.append(cell);
      for (const column of spec.columns) {
        line.append(element("td", "numeric", atlas.numbers.text(column[row], spec.unit)));
      }
      shown.push(spec.x[row]);
    }
  };

  const holderOf = (spec) => {
    const holder = atlas.chart.element("div", "scrolls chart-values");
    holder.tabIndex = 0;
    holder.setAttribute("role", "group");
    holder.setAttribute("aria-label", `${spec.title}, values`);
    const table = atlas.chart.element("table");
    fill(table, spec);
    holder.append(table);
    return holder;
  };

  const button = (chart) => {
    const made = atlas.chart.element("button", "quiet", "Table");
    let holder = null;
    let shown = [];
    chart.onUpdate = () => {
      if (holder) grow(holder.querySelector("tbody"), chart.spec, shown);
    };
    made.type = "button";
    made.setAttribute("aria-expanded", "false");
    made.setAttribute("aria-label", `${chart.spec.title} as a table`);
    made.addEventListener("click", () => {
      if (holder) {
        holder.remove();
        holder = null;
      } else {
        holder = holderOf(chart.spec);
        shown = [...chart.spec.x];
        chart.root.append(holder);
      }
      made.setAttribute("aria-expanded", String(holder !== null));
    });
    return made;
  };

  atlas.chartTable = { button };
})();
