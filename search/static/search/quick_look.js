// A quick look at a hit without leaving the page; its neighbours are an arrow away.
(() => {
  const dialog = document.getElementById("look");
  if (!dialog?.showModal) return;
  const body = dialog.querySelector("[data-look-body]");
  const status = dialog.querySelector("[data-look-status]");
  const waiting = body.firstElementChild;
  const sentence = (name) => dialog.querySelector(`template[data-look-${name}]`).innerHTML;
  const fetched = new Map();
  let link = null;

  addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-look]");
    if (!pressed || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    look(pressed);
  });

  const links = () => [...link.closest(".grid").querySelectorAll("[data-look]")];
  const beside = (step) => links()[links().indexOf(link) + step];

  async function look(at) {
    link = at;
    if (!dialog.open) dialog.showModal();
    offerNeighbours();
    const url = at.dataset.lookAt;
    if (!fetched.has(url)) wait(at);
    const html = await get(url);
    if (link !== at || !dialog.open) return;
    body.innerHTML = html;
    addTile(at.closest(".tile"));
    status.textContent = body.querySelector("h2")?.textContent ?? body.textContent;
    keepFocus();
    const next = beside(1);
    if (next) get(next.dataset.lookAt).then(warm);
    else offerMore();
  }

  // Until it has come: the tile's own small picture, and words.
  function wait(at) {
    const small = at.closest(".tile").querySelector(".picture")?.cloneNode(true);
    waiting.querySelector(".picture")?.remove();
    if (small) waiting.prepend(small);
    body.replaceChildren(waiting);
  }

  async function get(url) {
    if (fetched.has(url)) return fetched.get(url);
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" } });
      if (!answer.ok || answer.redirected) return sentence("gone");
      fetched.set(url, await answer.text());
      return fetched.get(url);
    } catch {
      return sentence("offline");
    }
  }

  // The browser fetches the picture of the next one ahead.
  function warm(html) {
    const [, src] = html.match(/<img src="([^"]+)"/) ?? [];
    if (src) new Image().src = src.replaceAll("&amp;", "&");
  }

  // What only the tile knows: why it matched, and the links that go on from this query.
  function addTile(tile) {
    for (const slot of body.querySelectorAll("[data-tile-words]")) {
      const there = tile.querySelector(slot.dataset.tileWords);
      slot.replaceChildren(...(there?.cloneNode(true).childNodes ?? []));
      slot.hidden = !there;
    }
    for (const slot of body.querySelectorAll("[data-tile-link]")) {
      const there = tile.querySelector(slot.dataset.tileLink);
      if (there) slot.href = there.href;
      slot.hidden = !slot.href;
    }
  }

  // What had the focus may be gone or off; keys must still arrive here.
  function keepFocus() {
    const at = document.activeElement;
    if (!dialog.contains(at) || at.disabled) body.focus({ preventScroll: true });
  }

  // Neighbours ----------------------------------------------------------------------------------

  const buttons = { ArrowLeft: dialog.querySelector("[data-look-previous]"), ArrowRight: dialog.querySelector("[data-look-next]") };
  buttons.ArrowLeft.addEventListener("click", () => go(-1));
  buttons.ArrowRight.addEventListener("click", () => go(1));

  function go(step) {
    const next = beside(step);
    if (next) look(next);
    else if (step > 0) offerMore();
  }

  function offerNeighbours() {
    const more = link.closest(".grid").querySelector(".more > a[hx-get]");
    buttons.ArrowLeft.disabled = !beside(-1);
    buttons.ArrowRight.disabled = !beside(1) && !more;
    keepFocus();
  }

  // At the last hit the next page is fetched behind the look.
  function offerMore() {
    const more = link.closest(".grid").querySelector(".more > a[hx-get]");
    if (more && window.htmx && navigator.onLine) htmx.trigger(more, "click");
  }
  document.addEventListener("htmx:afterSettle", () => dialog.open && offerNeighbours());

  // Keys ----------------------------------------------------------------------------------------

  const DEEDS = { s: "[data-look-similar]", m: "[data-look-more]", l: "[data-look-less]", Enter: "[data-look-open]" };

  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const backwards = getComputedStyle(dialog).direction === "rtl";
    const step = { ArrowLeft: backwards ? 1 : -1, ArrowRight: backwards ? -1 : 1 }[event.key];
    if (step) go(step);
    else if (event.key === " " && !event.target.closest("a, button")) dialog.close();
    else if (DEEDS[event.key] && !(event.key === "Enter" && event.target.closest("a, button"))) {
      dialog.querySelector(`${DEEDS[event.key]}:not([hidden])`)?.click();
    } else return;
    event.preventDefault();
  });

  dialog.querySelector("[data-look-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  // The focus goes back to the tile that was looked at last.
  dialog.addEventListener("close", () => {
    const tile = link?.closest(".tile")?.querySelector(".tile__link");
    tile?.focus({ preventScroll: true });
    tile?.scrollIntoView({ block: "nearest" });
  });
})();
