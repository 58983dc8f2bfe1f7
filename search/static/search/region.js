// A box on a picture, drawn, moved and resized by pointer or keys; its fields always agree with it.
(() => {
  // In tenths of a percent, as exact as the fields.
  const WHOLE = 1000;
  const LEAST = 20;
  const EDGES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const between = (least, value, most) => Math.min(Math.max(value, least), most);

  document.querySelectorAll("[data-region]").forEach(equip);

  function equip(form, number) {
    const figure = form.querySelector("[data-region-picture]");
    const fields = ["left", "top", "width", "height"].map((name) => form.elements[name]);
    const keys = form.querySelector("[data-region-keys]");
    const status = form.querySelector("[data-region-status]");
    const stage = element("region__stage");
    const box = element("region__box");
    let held = null;
    let saying = 0;

    box.tabIndex = 0;
    box.setAttribute("role", "application");
    box.setAttribute("aria-roledescription", form.dataset.region);
    keys.id = `region-keys-${number}`;
    box.setAttribute("aria-describedby", keys.id);
    for (const edges of EDGES) box.append(element(`region__handle region__handle--${edges}`, { edges }));
    stage.append(box);
    figure.append(stage);

    const nameOf = (field) => field.labels[0].firstElementChild.textContent;

    // The box -----------------------------------------------------------------------------------

    const read = () => fields.map((field) => Math.round(10 * field.valueAsNumber));
    let current = fitted(read().map((value, n) => (Number.isNaN(value) ? [0, 0, WHOLE, WHOLE][n] : value)));

    function show(region, { typed = false } = {}) {
      current = region;
      ["--left", "--top", "--width", "--height"].forEach((name, n) => {
        box.style.setProperty(name, `${region[n] / 10}%`);
      });
      if (!typed) fields.forEach((field, n) => (field.value = (region[n] / 10).toString()));
      stage.classList.toggle("region__stage--whole", isWhole(region));
      const words = fields.map((field, n) => `${nameOf(field)} ${region[n] / 10} %`).join(", ");
      box.setAttribute("aria-label", words);
      clearTimeout(saying);
      if (box === document.activeElement) saying = setTimeout(() => (status.textContent = words), 400);
    }

    // What is typed moves the box at once; the field itself is put right when it is left.
    for (const field of fields) {
      field.addEventListener("input", () => !read().some(Number.isNaN) && show(fitted(read()), { typed: true }));
      field.addEventListener("change", () => show(current));
    }
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      show([0, 0, WHOLE, WHOLE]);
    });

    // Pointers ----------------------------------------------------------------------------------

    stage.addEventListener("pointerdown", (event) => {
      if (held || event.button || !event.isPrimary) return;
      event.preventDefault();
      stage.setPointerCapture(event.pointerId);
      const edges = event.target.dataset.edges;
      const moves = event.target === box && !isWhole(current);
      held = { id: event.pointerId, from: point(event), before: current, edges, moves };
      box.focus({ preventScroll: true, focusVisible: false });
    });
    stage.addEventListener("pointermove", (event) => {
      if (event.pointerId === held?.id) show(pulled(held, point(event)));
    });
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
      stage.addEventListener(kind, (event) => {
        if (event.pointerId !== held?.id) return;
        if (kind === "pointercancel") show(held.before);
        held = null;
      });
    }

    // Where the pointer is on the picture, also outside of it.
    function point(event) {
      const around = stage.getBoundingClientRect();
      const share = (at, from, length) => Math.round(between(0, (at - from) / length, 1) * WHOLE);
      return [share(event.clientX, around.left, around.width), share(event.clientY, around.top, around.height)];
    }

    // Keys --------------------------------------------------------------------------------------

    box.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (move) {
        const step = event.altKey || event.ctrlKey ? 1 : 10;
        const [x, y] = move.map((direction) => direction * step);
        show(event.shiftKey ? resized(current, "se", x, y) : moved(current, x, y));
      } else if (event.key === "Enter") {
        form.requestSubmit();
      } else if (event.key === "Escape" && held) {
        show(held.before);
        held = null;
      } else if (event.key === "Escape" && !isWhole(current)) {
        show([0, 0, WHOLE, WHOLE]);
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    });

    // The stage lies exactly on the picture, also where that stands between bars ------------------

    function lay() {
      // The main colour lies behind the picture until that has come.
      const picture = figure.querySelector("img") ?? figure.querySelector("svg");
      const [outer, inner] = [figure.getBoundingClientRect(), picture.getBoundingClientRect()];
      const bars = letterbox(picture, inner);
      const place = {
        "--stage-left": inner.left - outer.left - figure.clientLeft + bars.x,
        "--stage-top": inner.top - outer.top - figure.clientTop + bars.y,
        "--stage-width": inner.width - 2 * bars.x,
        "--stage-height": inner.height - 2 * bars.y,
      };
      for (const [name, pixels] of Object.entries(place)) stage.style.setProperty(name, `${pixels}px`);
    }

    const watch = new ResizeObserver(lay);
    watch.observe(figure);
    for (const picture of figure.querySelectorAll("img, svg")) watch.observe(picture);
    figure.addEventListener("load", lay, true);
    document.addEventListener("htmx:afterSettle", lay);
    lay();
    show(current);
  }

  function element(className, data = {}) {
    const made = document.createElement("span");
    made.className = className;
    Object.assign(made.dataset, data);
    return made;
  }

  // The bars that object-fit leaves at each side, in pixels.
  function letterbox(picture, { width, height }) {
    if (getComputedStyle(picture).objectFit !== "contain") return { x: 0, y: 0 };
    const [w, h] = ["width", "height"].map((side) => Number(picture.getAttribute(side)));
    const ratio = picture.naturalWidth ? picture.naturalWidth / picture.naturalHeight : w / h;
    return { x: Math.max(0, width - height * ratio) / 2, y: Math.max(0, height - width / ratio) / 2 };
  }

  // Regions are [left, top, width, height]; each of these returns one that lies in the picture.

  function isWhole([, , width, height]) {
    return width === WHOLE && height === WHOLE;
  }

  function fitted([left, top, width, height]) {
    const [l, t] = [between(0, left, WHOLE - LEAST), between(0, top, WHOLE - LEAST)];
    return [l, t, between(LEAST, width, WHOLE - l), between(LEAST, height, WHOLE - t)];
  }

  function moved([left, top, width, height], x, y) {
    return [between(0, left + x, WHOLE - width), between(0, top + y, WHOLE - height), width, height];
  }

  function resized([left, top, width, height], edges, x, y) {
    let [right, bottom] = [left + width, top + height];
    if (edges.includes("w")) left = between(0, left + x, right - LEAST);
    if (edges.includes("e")) right = between(left + LEAST, right + x, WHOLE);
    if (edges.includes("n")) top = between(0, top + y, bottom - LEAST);
    if (edges.includes("s")) bottom = between(top + LEAST, bottom + y, WHOLE);
    return [left, top, right - left, bottom - top];
  }

  // From corner to corner; less than the least size is a click, which draws nothing.
  function drawn([x, y], [from, above], before) {
    const [width, height] = [Math.abs(x - from), Math.abs(y - above)];
    if (width < LEAST && height < LEAST) return before;
    return fitted([Math.min(x, from), Math.min(y, above), width, height]);
  }

  function pulled({ from, before, edges, moves }, to) {
    const [x, y] = [to[0] - from[0], to[1] - from[1]];
    if (edges) return resized(before, edges, x, y);
    return moves ? moved(before, x, y) : drawn(to, from, before);
  }
})();
