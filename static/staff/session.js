// Warns before the session ends, and turns the page to the sign-in when it has. Other tabs may have prolonged it:
// the server is asked each time.
(() => {
  const box = document.getElementById("session-end");
  if (!box) return;
  const WARNED_SECONDS = Number(box.dataset.warnedSeconds);
  const ASKED_EVERY_SECONDS = 10;
  let timer;

  const show = ({ seconds, is_final: isFinal }) => {
    const isNear = seconds <= WARNED_SECONDS;
    for (const part of box.querySelectorAll("[data-idle]")) part.hidden = isFinal;
    box.querySelector("[data-final]").hidden = !isFinal;
    box.hidden = !isNear;
    askIn(isNear ? Math.min(seconds + 1, ASKED_EVERY_SECONDS) : seconds - WARNED_SECONDS);
  };

  const askIn = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, 1000 * seconds);
  };

  const ask = async (options = {}) => {
    // Asking by itself is no activity.
    const headers = { "HX-Current-URL": location.href, [options.body ? "HX-Request" : "X-Poll"]: "true" };
    const answer = await fetch(box.action, { ...options, headers }).catch(() => null);
    if (answer?.ok) show(await answer.json());
    else if (answer?.headers.has("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
    else askIn(ASKED_EVERY_SECONDS);
  };

  box.addEventListener("submit", (event) => {
    event.preventDefault();
    ask({ method: "POST", body: new FormData(box) });
  });
  // A computer that slept has missed its time.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") ask();
  });
  askIn(Math.max(Number(box.dataset.lastsSeconds) - WARNED_SECONDS, 0));
})();
