// Keys: "/" returns to the field, arrows walk through the tiles, letters act on the tile in focus, "?" tells them.
(() => {
  const field = document.querySelector(".field__words");
  const help = document.getElementById("keys");
  const DEEDS = { " ": "[data-look]", s: ".tile__similar", m: "[data-more]", l: "[data-less]" };
  const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
  const tiles = () => [...document.querySelectorAll(".tile__link")];
  const openMenus = () => document.querySelectorAll(".menu[open]");

  if (field && field === document.activeElement) field.setSelectionRange(field.value.length, field.value.length);

  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest(TYPING);
    const done = typing ? whileTyping(event, typing) : whileReading(event);
    if (done) event.preventDefault();
  });

  function whileTyping(event, typing) {
    if (event.isComposing || typing !== field) return false;
    return event.key === "ArrowDown" && focus(tiles()[0]);
  }

  function whileReading(event) {
    if (event.key === "Escape") return escape();
    if (document.querySelector("dialog[open]")) return false;
    if (event.key.startsWith("Arrow")) return focus(neighbour(event.key));
    if (!single()) return false;
    if (event.key === "/") return focus(field) && (field.select(), true);
    if (event.key === "?") return open();
    const deed = DEEDS[event.key.toLowerCase()];
    return Boolean(deed) && press(event.target.matches(".tile__link") && event.target.closest(".tile"), deed);
  }

  function focus(target) {
    target?.focus();
    return Boolean(target);
  }

  function press(tile, deed) {
    const link = tile && tile.querySelector(deed);
    if (link) link.click();
    return Boolean(link);
  }

  function escape() {
    const menus = openMenus();
    for (const menu of menus) menu.open = false;
    if (menus.length) return focus(menus[0].querySelector("summary"));
    return Boolean(document.activeElement.closest(".tile")) && focus(field);
  }

  // Left and right as they stand on the page; up and down to the nearest tile of the next row.
  function neighbour(key) {
    const here = document.activeElement.closest(".tile")?.querySelector(".tile__link");
    if (!here) return null;
    const all = [...here.closest(".grid").querySelectorAll(".tile__link")];
    const backwards = getComputedStyle(here).direction === "rtl" ? "ArrowRight" : "ArrowLeft";
    if (key === "ArrowLeft" || key === "ArrowRight") return all[all.indexOf(here) + (key === backwards ? -1 : 1)];
    const from = here.getBoundingClientRect();
    const middle = (from.left + from.right) / 2;
    const rows = all
      .map((tile) => ({ tile, box: tile.getBoundingClientRect() }))
      .filter(({ box }) => (key === "ArrowDown" ? box.top >= from.bottom : box.bottom <= from.top));
    const near = (box) => 1e4 * Math.abs(box.top - from.top) + Math.abs((box.left + box.right) / 2 - middle);
    return rows.sort((a, b) => near(a.box) - near(b.box))[0]?.tile;
  }

  // The list of the keys, and what a person has set there; a key alone may be switched off (WCAG 2.1.4).

  const single = () => localStorage.getItem("single-keys") !== "off";

  function open() {
    help?.showModal();
    return Boolean(help);
  }

  for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = !help;
    button.addEventListener("click", open);
  }
  for (const box of help?.querySelectorAll("[data-set]") ?? []) {
    box.checked = localStorage.getItem(box.dataset.set) !== "off";
    box.addEventListener("change", () => localStorage.setItem(box.dataset.set, box.checked ? "on" : "off"));
  }

  addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
    if (event.target === help || event.target.closest("#keys [data-close]")) help.close();
  });

  // A search that takes longer than a moment says so.
  for (const form of document.querySelectorAll("form[role=search], #query-picture")) {
    form.addEventListener("submit", () => {
      const line = document.getElementById("searching");
      if (line) setTimeout(() => (line.hidden = false), 600);
    });
  }
  addEventListener("pageshow", () => {
    const line = document.getElementById("searching");
    if (line) line.hidden = true;
  });

  // Who signs out leaves no hits behind: not in this tab, nor in pages that the browser keeps for Back.
  const opened = Date.now();
  for (const form of document.querySelectorAll("[data-leaves]")) {
    form.addEventListener("submit", () => {
      localStorage.setItem("left", Date.now());
      addEventListener("pagehide", () => sessionStorage.clear());
    });
  }
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted && localStorage.getItem("left") > opened) location.reload();
  });

  const offline = document.getElementById("offline");
  const show = () => (offline.hidden = navigator.onLine);
  addEventListener("online", show);
  addEventListener("offline", show);
})();
