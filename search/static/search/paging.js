// More hits come as their place comes near, and Back returns to the same hits at the same place.
// It comes after the scripts that fold or hide something, which would move that place.
(() => {
  const grid = document.getElementById("hits");
  if (!grid) return;
  // So far below the window, in its heights, "More" is followed.
  const AHEAD = 1.5;
  const PREFIX = "hits ";
  const tiles = () => [...grid.querySelectorAll(".tile__link")];
  const more = () => grid.querySelector(".more > a[hx-get]");
  const firstPage = grid.querySelectorAll(":scope > :not(.more)").length;

  // Back ----------------------------------------------------------------------------------------

  // Each place in the history has a name of its own: the same URL may stand there twice.
  const here = history.state?.hits ?? `${Date.now()}.${Math.random()}`;
  const stored = history.state?.hits && sessionStorage.getItem(PREFIX + here);
  history.replaceState({ ...history.state, hits: here }, "");
  const [navigation] = performance.getEntriesByType("navigation");
  if (stored && navigation?.type === "back_forward") restore(JSON.parse(stored));

  function restore({ rest, y, from }) {
    if (rest) {
      grid.querySelector(":scope > .more")?.remove();
      grid.insertAdjacentHTML("beforeend", rest);
      dropDoubles();
    }
    const scroll = () => scrollTo({ top: y, behavior: "instant" });
    scroll();
    // The field's autofocus comes just before, and would have the last word.
    requestAnimationFrame(() => {
      tiles()[from]?.focus({ preventScroll: true });
      scroll();
    });
  }

  // What has been added to the library meanwhile moved some hits from the first page to the rest.
  function dropDoubles() {
    const seen = new Set();
    for (const link of tiles()) {
      if (seen.has(link.href)) link.closest(".tile").remove();
      seen.add(link.href);
    }
  }

  addEventListener("pagehide", () => {
    const rest = [...grid.children].slice(firstPage);
    const page = {
      rest: rest.some((item) => item.matches(".tile")) ? rest.map(bare).join("") : "",
      y: scrollY,
      from: tiles().indexOf(document.activeElement),
    };
    keep(JSON.stringify(page));
  });

  // Without its place in a row, which rows.js gives it anew: a policy forbids styles in markup.
  function bare(item) {
    const copy = item.cloneNode(true);
    copy.removeAttribute("style");
    return copy.outerHTML;
  }

  // The store is small: the places that were left first make room.
  function keep(page) {
    const others = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + here);
    others.sort();
    for (;;) {
      try {
        return sessionStorage.setItem(PREFIX + here, page);
      } catch {
        sessionStorage.removeItem(others.length ? others[0] : PREFIX + here);
        if (!others.shift()) return;
      }
    }
  }

  // More ----------------------------------------------------------------------------------------

  const sparing = navigator.connection?.saveData || matchMedia("(prefers-reduced-data: reduce)").matches;
  const mayLoad = () => !sparing && localStorage.getItem("endless") !== "off" && navigator.onLine && window.htmx;

  // A link that failed stays, to be pressed; it is not tried again by itself.
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || !mayLoad()) continue;
        watch.unobserve(target);
        htmx.trigger(target, "click");
      }
    },
    { rootMargin: `${100 * AHEAD}% 0px` },
  );
  const observe = () => more() && watch.observe(more());
  observe();
  addEventListener("online", () => {
    watch.disconnect();
    observe();
  });

  // Only who pressed "More" is taken on to the first tile that came.
  let pressed = -1;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.matches("#hits > .more")) {
      pressed = event.detail.target.contains(document.activeElement) ? tiles().length : -1;
    }
  });
  document.addEventListener("htmx:afterSettle", () => {
    tiles()[pressed]?.focus({ preventScroll: true });
    pressed = -1;
    observe();
  });
})();
