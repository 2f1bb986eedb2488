// A field with suggestions below it, as WAI-ARIA's combobox: the server sends the list, the arrows move through it.
// Without this script the suggestions are ordinary buttons.
(() => {
  const boxOf = (element) => element.closest?.("[data-combobox]");
  const inputIn = (box) => box.querySelector("input");
  const listIn = (box) => box.querySelector("[role=listbox]");
  const optionsIn = (box) => [...box.querySelectorAll("[role=option]")];
  const chosenIn = (box) => box.querySelector("[aria-selected=true]");

  const show = (box) => {
    const input = inputIn(box);
    const list = listIn(box);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", String(Boolean(list)));
    if (list) input.setAttribute("aria-controls", list.id);
    else input.removeAttribute("aria-controls");
    const chosen = chosenIn(box);
    if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
    else input.removeAttribute("aria-activedescendant");
  };

  const close = (box) => {
    box.querySelector("[data-suggestions]").replaceChildren();
    show(box);
  };

  const choose = (box, option) => {
    chosenIn(box)?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    show(box);
  };

  const move = (box, step) => {
    const options = optionsIn(box);
    if (!options.length) {
      htmx.trigger(box.querySelector("[data-suggestions]"), "suggest");
      return;
    }
    // The field itself is one more place, between the last and the first.
    const places = options.length + 1;
    const next = (options.indexOf(chosenIn(box)) + 1 + step + places) % places;
    choose(box, options[next - 1]);
  };

  document.addEventListener("focusin", (event) => {
    const box = boxOf(event.target);
    if (box && event.target === inputIn(box)) show(box);
  });
  document.addEventListener("focusout", (event) => {
    const box = boxOf(event.target);
    if (box && event.target === inputIn(box)) close(box);
  });
  // A press on a suggestion leaves the cursor in the field, so that the list stays until the press is done.
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest?.("[role=option]")) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const box = boxOf(event.target);
    if (!box || event.target !== inputIn(box) || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(box, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && listIn(box)) {
      event.preventDefault();
      const chosen = chosenIn(box);
      if (chosen) chosen.click();
      else close(box);
    } else if (event.key === "Escape" && listIn(box)) {
      event.preventDefault();
      close(box);
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    // An answer that comes after the cursor went on is too late.
    if (document.activeElement === inputIn(box)) show(box);
    else close(box);
  });
})();
