// The part of an address behind its "#" reaches no server, and so no log: the page itself takes a mailed link's key from there.
(() => {
  const field = document.querySelector("[data-link]");
  const key = decodeURIComponent(location.hash.slice(1));
  if (!field || !key) return;
  field.value = key;
  field.closest("[data-field]").hidden = true;
  history.replaceState(null, "", location.pathname);
})();
