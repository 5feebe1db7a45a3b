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
    box.style.left = "0"; // near an edge it would be narrower than it has to be
    const at = anchor.getBoundingClientRect();
    const size = box.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left), document.documentElement.clientWidth - size.width - 8);
    const above = at.top - size.height - 8;
    box.style.left = `${left}px`;
    box.style.top = `${above >= 8 ? above : at.bottom + 8}px`;
  };

  const tell = (anchor, text) => {
    hide();
    owner = anchor;
    owner.setAttribute("aria-describedby", "tooltip");
    box.textContent = text;
    box.hidden = false;
    place(owner);
  };

  // For who tells by itself what its points are.
  const leave = (anchor) => {
    if (owner === anchor) hide();
  };

  // What the focus has brought into view is told on; what the pointer was over has moved away.
  const scrolled = () => {
    if (owner?.contains(document.activeElement)) place(owner);
    else hide();
  };

  const start = (definitions) => {
    const show = (event) => {
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest("[data-history]")) return;
      const text = target && definitions[aboutOf(target)];
      if (text) tell(anchorOf(target), text);
      else hide();
    };
    document.addEventListener("mouseover", show);
    document.addEventListener("focusin", show);
    document.addEventListener("focusout", hide);
    document.addEventListener("scroll", scrolled, { passive: true, capture: true });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  };

  atlas.tooltips = { leave, start, tell };
})();
