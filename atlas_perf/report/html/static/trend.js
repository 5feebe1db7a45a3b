// Statistics from run to run.
"use strict";
(() => {
  const start = (trends) => {
    for (const trend of trends) {
      const host = document.getElementById(trend.key);
      const x = trend.labels.map((_, index) => index);
      const label = (index) => trend.labels[index] ?? "";
      trend.charts.forEach((group, index) => {
        const card = atlas.chart.element("div", "card");
        host.append(card);
        atlas.chart.create(card, {
          key: `${trend.key}-${index}`,
          title: group.title,
          about: group.about,
          unit: group.unit,
          height: 200,
          lines: group.lines.map((line, at) => ({ label: line.name, colour: ["p50", "p95", "p99", "second"][at % 4], spansGaps: true })),
          x,
          columns: group.lines.map((line) => line.values),
          sync: trend.key,
          xText: label,
          xTitle: "Run",
          xSplits: (_plot, _axis, low, high) => x.filter((at) => at >= low && at <= high),
        });
      });
    }
  };

  atlas.trend = { start };
})();
