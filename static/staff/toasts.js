// Screen readers tell what comes into a live region, not what a page was loaded with: so the words come in anew.
(() => {
  // Long enough for a reader to have taken notice of the region.
  const DELAY_MS = 300;
  setTimeout(() => {
    for (const said of document.querySelectorAll("#toasts p")) said.replaceChildren(...said.childNodes);
  }, DELAY_MS);
})();
