// A part that polls sends back the ETag it shows, and is left alone when the answer is 304.
(() => {
  const part = (event) => event.detail.elt.closest("[data-live-etag]");
  document.addEventListener("htmx:configRequest", (event) => {
    const live = part(event);
    if (live) event.detail.headers["If-None-Match"] = live.dataset.liveEtag;
  });
  const entries = (live) => [...live.querySelectorAll("a[id]")].map((link) => link.id);
  let known = new Set();
  // Under a pointer that is about to press a button, no other button must appear: the part waits for the next answer.
  const MOST_WAITS = 3;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const live = part(event);
    if (!live) return;
    const waits = Number(live.dataset.waits ?? 0);
    const isAimedAt = live.matches(":has(button:hover)") && waits < MOST_WAITS;
    live.dataset.waits = isAimedAt ? waits + 1 : 0;
    if (isAimedAt) event.detail.shouldSwap = false;
    else known = new Set(entries(live));
  });
  // What is new is marked until the next change: it may be under the pointer.
  document.addEventListener("htmx:afterSwap", (event) => {
    const live = part(event);
    if (!live) return;
    for (const id of entries(live).filter((one) => !known.has(one)))
      document.getElementById(id).closest("li, tr")?.setAttribute("data-new", "");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const live = part(event);
    if (!live) return;
    const etag = event.detail.xhr?.getResponseHeader("ETag");
    // Of what is shown: an answer that waits is asked for again.
    if (etag && !Number(live.dataset.waits ?? 0)) live.dataset.liveEtag = etag;
    const isReached = event.detail.successful || event.detail.xhr?.status === 304;
    document.getElementById("live-stale")?.toggleAttribute("hidden", isReached);
  });
  // The day opens where the day is, unless there is a message to read at the top.
  const isLed = location.hash || document.querySelector("#toasts > *");
  if (!isLed) document.getElementById("now-line")?.scrollIntoView({ block: "center" });
})();
