// The portal's own: the side bar can be put away on a wide screen, a form that was changed asks before it is left, and
// parts of a page renew themselves.
(() => {
  const KEY = "side-bar";
  const button = document.querySelector("[data-side-bar]");
  if (!button) return;
  const show = () => {
    const isShown = localStorage.getItem(KEY) !== "away";
    document.documentElement.classList.toggle("portal-wide", !isShown);
    button.setAttribute("aria-pressed", String(isShown));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, button.getAttribute("aria-pressed") === "true" ? "away" : "shown");
    show();
  });
  show();
})();

(() => {
  const form = document.querySelector("form.warn-unsaved-form");
  if (!form) return;
  const ask = (event) => event.preventDefault();
  form.addEventListener("input", () => addEventListener("beforeunload", ask));
  form.addEventListener("submit", () => removeEventListener("beforeunload", ask));
})();

// `data-live`, each with an id. A poll keeps no session alive (X-Poll).
// `data-soon` in one: something is on its way, so that it renews itself sooner. `data-live-proof`: the page was put on
// record when it was shown, so that its polls need not be.
(() => {
  const seconds = () => (document.querySelector("[data-live] [data-soon]") ? 5 : 30);
  if (!document.querySelector("[data-live]")) return;
  const proof = document.querySelector("[data-live-proof]")?.dataset.liveProof ?? "1";
  const isTyped = (field) => field.value !== field.defaultValue;
  const renew = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { "X-Poll": proof }, redirect: "manual" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(part.id);
      // Whoever is about to press a button in it, or reads what was unfolded, is not disturbed.
      const isInUse =
        part.contains(document.activeElement) ||
        part.querySelector("details[open]") ||
        [...part.querySelectorAll("input:not([type=hidden]), textarea")].some(isTyped);
      if (fresh && !isInUse) part.innerHTML = fresh.innerHTML;
    }
  };
  // Unreachable for a moment: the page says as of when it is, and the next try follows.
  const again = () => setTimeout(() => renew().catch(() => {}).finally(again), seconds() * 1000);
  again();
})();
