// Puts the page together from its own data.
"use strict";
(() => {
  document.documentElement.classList.add("scripted");
  const data = JSON.parse(document.getElementById("report-data").textContent);
  atlas.theme.start();
  atlas.tooltips.start(data.definitions);
  atlas.tables.start();
  const timeline = document.getElementById("timeline");
  if (timeline && data.runs.length && data.runs.some((run) => run.columns.second.length)) {
    atlas.timeline.create(timeline, data.runs);
  }
  if (data.runs.length) atlas.spectrum.create(document.getElementById("spectrum"), data.runs);
  atlas.histories.start(data.histories);
  atlas.trend.start(data.trends);
  atlas.theme.onChange(() => {
    atlas.chart.redraw();
    atlas.histories.redraw();
  });
})();
