// The account menu closes as menus do; "back" leads to the list one came from: the week, a search, a narrowed queue.
(() => {
  const LISTS = ["/staff/doctor/", "/staff/doctor/day/", "/staff/doctor/week/", "/staff/doctor/patients/", "/staff/pharmacy/"];
  const LAST_LIST = `last-list ${document.getElementById("session-end")?.dataset.person}`;
  const isList = LISTS.includes(location.pathname.replace(/\d{4}-\d{2}-\d{2}\/$/, ""));

  const noteList = () => {
    const search = document.getElementById("patient-search");
    const query = search?.value ? `?${new URLSearchParams({ q: search.value })}` : location.search;
    sessionStorage.setItem(LAST_LIST, location.pathname + query);
  };
  if (isList) addEventListener("pagehide", noteList);

  const link = document.querySelector("[data-back]");
  const list = sessionStorage.getItem(LAST_LIST);
  if (link && list?.startsWith("/staff/") && list !== link.getAttribute("href")) {
    link.href = list;
    link.querySelector("span").textContent = link.dataset.backLabel;
  }

  const menu = document.querySelector("[data-menu]");
  document.addEventListener("click", ({ target }) => {
    if (menu?.open && !menu.contains(target)) menu.open = false;
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !menu?.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
})();
