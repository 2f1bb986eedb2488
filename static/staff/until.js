// What is possible for a while only says how long, and goes when that is over. The server has the last word.
(() => {
  for (const form of document.querySelectorAll("[data-seconds]")) {
    // The browser's clock may be wrong, but it runs as fast as any.
    const end = performance.now() + 1000 * Number(form.dataset.seconds);
    const timer = form.querySelector("[role=timer]");
    const tick = () => {
      const left = Math.floor((end - performance.now()) / 1000);
      if (left < 0) {
        clearInterval(ticking);
        form.hidden = true;
        form.parentElement.querySelector("[data-over]")?.removeAttribute("hidden");
        return;
      }
      timer.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    };
    const ticking = setInterval(tick, 1000);
    tick();
  }
})();
