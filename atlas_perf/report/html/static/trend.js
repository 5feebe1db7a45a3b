// Statistics from run to run.
"use strict";
(() => {
  const start = (trends) => {
    for (const trend of trends) {
      const host = document.getElementById(trend.key);
      if (trend.labels.length < 2) continue;
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
          xSplits: (_plot, _axis, low, high) => {
            const shown = x.filter((at) => at >= low && at <= high);
            const step = Math.max(1, Math.ceil(shown.length / Math.max(1, Math.floor(host.clientWidth / 150))));
            return shown.filter((_, place) => place % step === 0);
          },
        });
      });
    }
  };

  atlas.trend = { start };
})();
