// A part that polls sends back the ETag it shows, and is left alone when the answer is 304.
(() => {
  const part = (event) => event.detail.elt.closest("[data-live-etag]");
  document.addEventListener("htmx:configRequest", (event) => {
    const live = part(event);
    if (live) event.detail.headers["If-None-Match"] = live.dataset.liveEtag;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const live = part(event);
    if (!live) return;
    const etag = event.detail.xhr?.getResponseHeader("ETag");
    if (etag) live.dataset.liveEtag = etag;
    const isReached = event.detail.successful || event.detail.xhr?.status === 304;
    document.getElementById("live-stale")?.toggleAttribute("hidden", isReached);
  });
  // The day opens where the day is.
  document.getElementById("now-line")?.scrollIntoView({ block: "center" });
})();
