// Parts of a page that renew themselves: `data-live`, each with an id. A poll keeps no session alive (X-Poll).
(() => {
  const SECONDS = 30;
  if (!document.querySelector("[data-live]")) return;
  const renew = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { "X-Poll": "1" }, redirect: "manual" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(part.id);
      // Whoever is about to press a button in it, or reads what was unfolded, is not disturbed.
      const isInUse = part.contains(document.activeElement) || part.querySelector("details[open]");
      if (fresh && !isInUse) part.innerHTML = fresh.innerHTML;
    }
  };
  // Unreachable for a moment: the page says as of when it is, and the next try follows.
  setInterval(() => renew().catch(() => {}), SECONDS * 1000);
})();
