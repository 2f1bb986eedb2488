// The part of an address behind its "#" reaches no server, and so no log: the page itself takes a mailed link's key from there.
(() => {
  // A link opens once: pressed twice, the second answer would be all that the browser shows.
  let isSent = false;
  document.querySelector("form.card")?.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
  });
  // Back again, the browser shows the page as it was left.
  addEventListener("pageshow", () => { isSent = false; });
  const field = document.querySelector("[data-link]");
  const key = decodeURIComponent(location.hash.slice(1));
  if (!field || !key) return;
  field.value = key;
  field.closest("[data-field]").hidden = true;
  history.replaceState(null, "", location.pathname + location.search);
})();
