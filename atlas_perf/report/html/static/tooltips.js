// What a number is, on hover and on focus. Cells of a table say what the head of their column says.
"use strict";
(() => {
  const box = document.getElementById("tooltip");
  let owner = null;

  const headOf = (cell) => {
    const head = cell.closest("table")?.tHead?.rows[0]?.cells[cell.cellIndex];
    return head?.querySelector("[data-about]") ?? null;
  };

  const aboutOf = (target) => {
    const own = target.closest("[data-about]");
    if (own) return own.dataset.about;
    const cell = target.closest("tbody td, tbody th[data-value]");
    return cell ? headOf(cell)?.dataset.about : undefined;
  };

  const anchorOf = (target) => target.closest("[data-about]") ?? target.closest("td, th");

  const hide = () => {
    if (owner) owner.removeAttribute("aria-describedby");
    owner = null;
    box.hidden = true;
  };

  const place = (anchor) => {
    const at = anchor.getBoundingClientRect();
    const size = box.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left), document.documentElement.clientWidth - size.width - 8);
    const above = at.top - size.height - 8;
    box.style.left = `${left}px`;
    box.style.top = `${above >= 8 ? above : at.bottom + 8}px`;
  };

  const start = (definitions) => {
    const show = (event) => {
      const target = event.target instanceof Element ? event.target : null;
      const text = target && definitions[aboutOf(target)];
      if (!text) return hide();
      hide();
      owner = anchorOf(target);
      owner.setAttribute("aria-describedby", "tooltip");
      box.textContent = text;
      box.hidden = false;
      place(owner);
    };
    document.addEventListener("mouseover", show);
    document.addEventListener("focusin", show);
    document.addEventListener("focusout", hide);
    document.addEventListener("scroll", hide, { passive: true, capture: true });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  };

  atlas.tooltips = { start };
})();
