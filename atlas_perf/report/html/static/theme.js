// Dark or light: as the system has it, until the reader says otherwise.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const print = matchMedia("print");
  const listeners = [];
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);

  // Charts are painted, so they need a colour itself and not its name.
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };

  // A file that is opened from a disk may be refused to keep anything.
  const kept = {
    read: () => { try { return localStorage.getItem("atlas-theme"); } catch { return null; } },
    write: (theme) => { try { localStorage.setItem("atlas-theme", theme); } catch { /* not kept */ } },
  };

  const isDark = () => !print.matches && (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const tell = () => listeners.forEach((listener) => listener());

  const start = () => {
    const chosen = kept.read();
    if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
    const button = document.getElementById("theme");
    const label = () => {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      kept.write(root.dataset.theme);
      tell();
    });
    listeners.push(label);
    label();
    dark.addEventListener("change", tell);
    print.addEventListener("change", tell);
  };

  atlas.theme = { colour, isDark, onChange: (listener) => listeners.push(listener), start };
})();
