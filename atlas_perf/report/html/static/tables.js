// Tables that sort by a click on a head and are filtered by what is typed.
"use strict";
(() => {
  const valueOf = (cell) => (cell.dataset.value === undefined ? null : Number(cell.dataset.value));

  // Numbers before what has none, whichever way it is sorted.
  const compare = (a, b, numeric, sign) => {
    if (!numeric) return sign * a.textContent.trim().localeCompare(b.textContent.trim(), "en", { numeric: true });
    const [left, right] = [valueOf(a), valueOf(b)];
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * (left - right);
  };

  const sortBy = (table, head) => {
    const numeric = head.classList.contains("numeric");
    const now = head.getAttribute("aria-sort");
    const next = now === "none" ? (numeric ? "descending" : "ascending") : now === "ascending" ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", next);
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const sign = next === "ascending" ? 1 : -1;
    rows.sort((a, b) => compare(a.cells[head.cellIndex], b.cells[head.cellIndex], numeric, sign));
    body.append(...rows);
  };

  const filter = (field) => {
    const table = document.getElementById(field.dataset.filters);
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    const left = rows.filter((row) => !row.hidden).length;
    const count = document.querySelector(`[data-counts="${table.id}"]`);
    count.textContent = left === rows.length ? `${rows.length} rows` : `${left} of ${rows.length} rows`;
  };

  const start = () => {
    for (const table of document.querySelectorAll("table.sorts")) {
      table.tHead.addEventListener("click", (event) => {
        const head = event.target.closest("th");
        if (head && event.target.closest(".sort")) sortBy(table, head);
      });
    }
    for (const field of document.querySelectorAll("[data-filters]")) {
      field.addEventListener("input", () => filter(field));
    }
  };

  atlas.tables = { start };
})();
