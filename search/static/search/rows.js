// Justified rows: a search over line breaks, so that every row fills the width and is about as high as `--row` says.
// Before it has run, and without it, the style sheet breaks lines where they are full and crops what is left over.
(() => {
  // Rows that are tried out before a line is broken; hits that are appended move no more than these.
  const AHEAD = 3;
  // Least part of the height wanted down to which tiles are put into one row.
  const LOWEST = 0.5;
  // Most times the height wanted up to which the last row of a group is stretched to fill the width.
  const STRETCH = 1.25;
  // Least pixels beside the last row for the link to more hits, which is otherwise below it.
  const MORE = 120;
  // Cost of a last row that leaves the whole width empty, in tiles that are twice as high as wanted.
  const EMPTY = 0.5;

  const widths = new WeakMap();

  function lay(grid) {
    const { columnGap, width } = getComputedStyle(grid);
    const room = { width: Math.floor(parseFloat(width)), gap: parseFloat(columnGap), wanted: wanted(grid) };
    if (!(room.width > 0)) return;
    widths.set(grid, room.width);
    room.hasMore = Boolean(grid.querySelector(":scope > .more"));
    const all = groups(grid).map((tiles) => ({ tiles, ratios: tiles.map(ratio) }));
    for (const { tiles, ratios } of all) {
      for (const row of rows(ratios, room)) place(tiles, ratios, row, room.gap);
    }
    grid.classList.add("grid--rows");
  }

  const wanted = (grid) => parseFloat(getComputedStyle(grid).getPropertyValue("--row"));
  const ratio = (tile) => parseFloat(getComputedStyle(tile).getPropertyValue("--ratio"));

  // The tiles below each heading, which begins a row.
  function groups(grid) {
    const all = [[]];
    for (const item of grid.children) {
      if (item.matches(".grid__heading")) all.push([]);
      if (item.matches(".tile")) all.at(-1).push(item);
    }
    return all;
  }

  // Where each row begins and ends, and its height, for tiles of these proportions.
  function rows(ratios, room) {
    const choose = search(ratios, room);
    const all = [];
    for (let from = 0; from < ratios.length; from = all.at(-1).to) all.push(choose(from, AHEAD).row);
    return all;
  }

  // The row that begins with a tile, by what it and some after it cost for each of their tiles.
  function search(ratios, room) {
    const memo = new Map();

    function choose(from, ahead) {
      if (from === ratios.length || ahead === 0) return { cost: 0, tiles: 0 };
      const key = from * (AHEAD + 1) + ahead;
      if (!memo.has(key)) memo.set(key, compare(from, ahead));
      return memo.get(key);
    }

    function compare(from, ahead) {
      let best = null;
      for (const row of candidates(ratios, from, room)) {
        const after = choose(row.to, ahead - 1);
        const [cost, tiles] = [row.cost + after.cost, row.to - from + after.tiles];
        if (!best || cost / tiles < best.cost / best.tiles) best = { row, cost, tiles };
      }
      return best;
    }

    return choose;
  }

  // The rows that may begin with a tile: of one tile, of two, until they are too low.
  function candidates(ratios, from, room) {
    const all = [];
    for (let to = from + 1, sum = 0; to <= ratios.length; to++) {
      sum += ratios[to - 1];
      const fits = (room.width - room.gap * (to - from - 1)) / sum;
      if (fits < LOWEST * room.wanted && all.length) break;
      all.push({ from, to, ...height(fits, sum, to - from, to === ratios.length, room) });
    }
    return all;
  }

  // A row's height, and what it costs: as much as its tiles are higher or lower than wanted.
  function height(fits, sum, tiles, isLast, { width, gap, wanted, hasMore }) {
    const left = width - sum * wanted - gap * (tiles - 1);
    const mayEnd = isLast && fits > STRETCH * wanted && (!hasMore || left >= MORE + gap);
    if (mayEnd) return { high: wanted, cost: hasMore ? 0 : (EMPTY * left) / width };
    return { high: fits, cost: tiles * (fits / wanted - 1) ** 2 };
  }

  // Edges are rounded and not widths, so that nothing is left over.
  function place(tiles, ratios, { from, to, high }, gap) {
    for (let n = from, edge = 0; n < to; n++) {
      const end = edge + ratios[n] * high;
      const wide = Math.round(end) - Math.round(edge);
      tiles[n].style.cssText = `--wide: ${wide}px; --high: ${Math.round(high)}px`;
      edge = end + gap;
    }
  }

  const sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      if (Math.floor(contentRect.width) !== widths.get(target)) lay(target);
    }
  });
  // At once, since Back scrolls to a place in what has just been appended.
  const items = new MutationObserver((changes) => {
    for (const grid of new Set(changes.map((change) => change.target))) lay(grid);
  });

  function watch() {
    for (const grid of document.querySelectorAll(".grid:not(.grid--rows)")) {
      lay(grid);
      sizes.observe(grid);
      items.observe(grid, { childList: true });
    }
  }
  watch();
  document.addEventListener("htmx:load", watch);
})();
