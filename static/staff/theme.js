// Light or dark: as the device is, unless the person chose otherwise; kept for dashboards and portal alike. Runs before
// the page is drawn, so that a dark page does not flash white.
(() => {
  const KEY = "theme";
  const root = document.documentElement;
  const device = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    const kept = localStorage.getItem(KEY);
    return ["light", "dark"].includes(kept) ? kept : "auto";
  };

  const show = () => {
    const deviceTheme = device.matches ? "dark" : "light";
    const theme = chosen() === "auto" ? deviceTheme : chosen();
    root.classList.toggle("dark", theme === "dark");
    root.classList.toggle("light", theme === "light");
    for (const button of document.querySelectorAll("[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === chosen()));
      if (button.dataset.theme === "auto") button.textContent = button.dataset[deviceTheme];
    }
  };

  root.classList.add("js");
  show();
  device.addEventListener("change", show);
  // Chosen in another tab.
  addEventListener("storage", show);
  document.addEventListener("DOMContentLoaded", () => {
    for (const group of document.querySelectorAll("[data-themes]")) group.hidden = false;
    show();
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-theme]");
    if (!button) return;
    localStorage.setItem(KEY, button.dataset.theme);
    show();
  });
})();
