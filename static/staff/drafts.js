// What is typed into a form is kept in this tab until the form was taken, so that a session that ends loses nothing.
// For the person who typed it alone; never passwords or codes; until sign-out, and for 12 hours at most.
(() => {
  const PREFIX = "draft ";
  const LIFETIME_MS = 12 * 60 * 60 * 1000;
  const SIGNED_OUT = "signed-out-at";
  const SECRET = "input[type=password], input[autocomplete=one-time-code]";
  const TYPED = "textarea, select, input:not([type=hidden], [type=file], [type=submit], [type=button])";
  // New in each page.
  const OF_THE_PAGE = ["csrfmiddlewaretoken", "shown"];
  const person = document.getElementById("session-end")?.dataset.person;

  // `form.action` would be a control of that name.
  const keyOf = (form) => {
    const address = new URL(form.getAttribute("action") || location.href, location.href);
    return PREFIX + address.pathname + address.search;
  };
  const isKept = (form) => {
    if (form?.getAttribute("method")?.toLowerCase() !== "post" || "noDraft" in form.dataset) return false;
    const controls = [...form.elements];
    if (controls.some((one) => one.matches(SECRET))) return false;
    return "draft" in form.dataset || controls.some((one) => one.matches(TYPED));
  };
  const forms = () => [...document.forms].filter(isKept);
  const valuesOf = (form) =>
    [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !OF_THE_PAGE.includes(name));

  const read = (key) => JSON.parse(sessionStorage.getItem(key));
  const write = (key, draft) => sessionStorage.setItem(key, JSON.stringify(draft));
  const keys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  const save = (form, isSent) =>
    write(keyOf(form), { person, at: Date.now(), isSent, values: valuesOf(form) });

  const dropOld = () => {
    const oldest = Math.max(Date.now() - LIFETIME_MS, Number(localStorage.getItem(SIGNED_OUT) ?? 0));
    for (const key of keys()) {
      const draft = read(key);
      if (draft.at <= oldest || (person && draft.person !== person)) sessionStorage.removeItem(key);
    }
  };

  const asPairs = (values) => values.map(([name, value]) => `${name}=${value}`);
  const holds = (form, draft) => {
    const shown = new Set(asPairs(valuesOf(form)));
    return asPairs(draft.values.filter(([, value]) => value)).every((pair) => shown.has(pair));
  };

  // The page after a sent form: where the answer itself shows the same again, the form was refused or is not done.
  // An answer that leads elsewhere has taken it.
  const settleSent = () => {
    const open = new Set();
    const isLed = performance.getEntriesByType("navigation")[0]?.redirectCount > 0;
    for (const key of keys()) {
      const draft = read(key);
      if (!draft.isSent) continue;
      const form = forms().find((one) => keyOf(one) === key);
      if (form && !isLed && holds(form, draft)) {
        open.add(key);
        write(key, { ...draft, isSent: false });
      } else sessionStorage.removeItem(key);
    }
    return open;
  };

  const fill = (form, draft) => {
    const left = draft.values.slice();
    for (const control of form.elements) {
      if (!control.matches(TYPED)) continue;
      const place = left.findIndex(
        ([name, value]) => name === control.name && (!["checkbox", "radio"].includes(control.type) || value === control.value),
      );
      const [found] = place < 0 ? [] : left.splice(place, 1);
      if (["checkbox", "radio"].includes(control.type)) control.checked = Boolean(found);
      else if (control.multiple) {
        for (const option of control.options)
          option.selected = draft.values.some(([name, value]) => name === control.name && value === option.value);
      } else if (found) control.value = found[1];
      if (found) control.closest("details")?.setAttribute("open", "");
    }
  };

  // A form whose rows the server makes is made by it.
  const restore = (form, draft) => {
    const rows = form.dataset.draftRows;
    if (rows) {
      const values = Object.fromEntries([...draft.values, ...[...new FormData(form)].filter(([name]) => OF_THE_PAGE.includes(name))]);
      htmx.ajax("POST", location.pathname, { target: rows, values });
    } else fill(form, draft);
    const notice = document.getElementById("draft-notice").content.cloneNode(true);
    notice.querySelector("button").addEventListener("click", () => {
      sessionStorage.removeItem(keyOf(form));
      location.replace(location.href);
    });
    form.prepend(notice);
  };

  const begin = () => {
    dropOld();
    if (!person || document.querySelector("[data-not-taken]")) {
      // The sign-in page, or one that says what went wrong: what was sent was not taken.
      for (const key of keys()) write(key, { ...read(key), isSent: false });
      return;
    }
    const open = settleSent();
    for (const form of forms()) {
      const draft = read(keyOf(form));
      if (draft && !open.has(keyOf(form)) && !holds(form, draft)) restore(form, draft);
    }
  };

  document.addEventListener("input", ({ target }) => {
    if (person && isKept(target.form)) save(target.form, false);
  });
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    const form = target.closest("form");
    if (person && form && isKept(form) && read(keyOf(form))) save(form, false);
  });
  document.addEventListener("submit", ({ target: form }) => {
    if (new URL(form.getAttribute("action") || "", location.href).pathname.endsWith("/logout/")) {
      localStorage.setItem(SIGNED_OUT, String(Date.now()));
      sessionStorage.clear();
    } else if (person && isKept(form)) save(form, true);
  });
  document.addEventListener("click", ({ target }) => {
    const form = target.closest?.("[data-drop-draft]")?.closest("form");
    if (form) sessionStorage.removeItem(keyOf(form));
  });
  // Signed out in another tab.
  addEventListener("storage", ({ key }) => {
    if (key === SIGNED_OUT) sessionStorage.clear();
  });
  begin();
})();
