// Keys: "/" returns to the search field, arrows walk through the tiles, Escape closes what is open.
(() => {
  const field = document.querySelector(".field__words");
  const tiles = () => [...document.querySelectorAll(".tile__link")];
  const openMenus = () => document.querySelectorAll(".menu[open]");

  if (field && field === document.activeElement) field.setSelectionRange(field.value.length, field.value.length);

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && field) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape") {
      escape();
    } else if (event.key.startsWith("Arrow")) {
      const next = typing === field ? event.key === "ArrowDown" && tiles()[0] : neighbour(event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
    }
  });

  function escape() {
    const menus = openMenus();
    for (const menu of menus) menu.open = false;
    if (menus.length) menus[0].querySelector("summary").focus();
    else if (document.activeElement.closest(".tile") && field) field.focus();
  }

  // Left and right in reading order; up and down to the nearest tile of the next row.
  function neighbour(key) {
    const here = document.activeElement.closest(".tile")?.querySelector(".tile__link");
    if (!here) return null;
    const all = tiles();
    if (key === "ArrowLeft") return all[all.indexOf(here) - 1];
    if (key === "ArrowRight") return all[all.indexOf(here) + 1];
    const from = here.getBoundingClientRect();
    const middle = (from.left + from.right) / 2;
    const rows = all
      .map((tile) => ({ tile, box: tile.getBoundingClientRect() }))
      .filter(({ box }) => (key === "ArrowDown" ? box.top >= from.bottom : box.bottom <= from.top));
    const near = (box) => 1e4 * Math.abs(box.top - from.top) + Math.abs((box.left + box.right) / 2 - middle);
    return rows.sort((a, b) => near(a.box) - near(b.box))[0]?.tile;
  }

  addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
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

  const offline = document.getElementById("offline");
  const show = () => (offline.hidden = navigator.onLine);
  addEventListener("online", show);
  addEventListener("offline", show);

  // After "More" the focus goes on to the first tile that came.
  let more = 0;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.classList.contains("more")) more = tiles().length;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (more) tiles()[more]?.focus({ preventScroll: true });
    more = 0;
  });
})();
