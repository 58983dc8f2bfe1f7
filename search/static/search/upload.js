// Upload: each file is sent on its own, and its row says how far it has come.
(() => {
  const form = document.querySelector("[data-upload]");
  const input = form.querySelector("input[type=file]");
  const list = document.getElementById("rows");
  const blank = document.getElementById("new-row").content.firstElementChild;
  const AT_ONCE = 3;
  const queue = [];
  // The file and the row of it, for as long as it may have to be sent again.
  const files = new Map();
  let sending = 0;

  input.required = false;
  input.hidden = true;
  form.querySelector("[data-choose]").addEventListener("click", () => input.click());
  form.querySelector("button[type=submit]").hidden = true;
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });

  addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("drop--over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("drop--over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("drop--over");
    add(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => add(event.clipboardData.files));

  function add(chosen) {
    for (const file of chosen) {
      const row = newRow(file);
      list.append(row);
      enqueue(row, file);
    }
  }

  function newRow(file) {
    const row = blank.cloneNode(true);
    row.querySelector(".row__name").textContent = file.name;
    return row;
  }

  function enqueue(row, file) {
    files.set(row, file);
    queue.push(row);
    count();
    sendNext();
  }

  function sendNext() {
    if (sending >= AT_ONCE || !queue.length) return;
    const row = queue.shift();
    sending += 1;
    send(row, files.get(row), (answer) => {
      sending -= 1;
      settle(row, answer);
      sendNext();
    });
    sendNext();
  }

  function send(row, file, done, renewed) {
    if (file.size > form.dataset.maxMegabytes * 1e6) return done({ sentence: form.dataset.tooLarge });
    preview(row, file);
    const request = new XMLHttpRequest();
    const body = new FormData(form);
    body.set("files", file);
    request.upload.addEventListener("progress", (event) => progress(row, event.loaded / event.total));
    request.addEventListener("load", () => {
      // Who signed in again in another tab has another token.
      if (request.status === 403 && !renewed) renew().then(() => send(row, file, done, true));
      else done(answerOf(request));
    });
    request.addEventListener("error", () => done({ sentence: "The connection was lost; please retry.", mayPass: true }));
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    say(row, "Sending");
    request.send(body);
  }

  function progress(row, part) {
    row.querySelector(".row__bar").value = part;
    say(row, part < 1 ? "Sending" : "Sent, being checked");
  }

  // The row as the server makes it; else a sentence about what came instead.
  function answerOf(request) {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const row = page.querySelector(".row");
    if (row) return { row };
    const isElsewhere = new URL(request.responseURL).pathname !== new URL(form.action).pathname;
    if (isElsewhere) return { sentence: "You are signed out: sign in again in another tab, then retry.", mayPass: true };
    const sentence = page.querySelector("[data-sentence]")?.textContent;
    return { sentence: sentence || "The server did not answer as it should; please retry.", mayPass: true };
  }

  // The token of whoever is signed in now.
  async function renew() {
    const response = await fetch(form.action).catch(() => null);
    if (!response?.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const token = page.querySelector("[data-upload] [name=csrfmiddlewaretoken]");
    if (token) form.querySelector("[name=csrfmiddlewaretoken]").value = token.value;
  }

  function settle(row, answer) {
    const file = files.get(row);
    files.delete(row);
    const settled = answer.row ?? newRow(file);
    if (!answer.row) {
      settled.dataset.state = "refused";
      settled.querySelector(".row__bar").remove();
      say(settled, answer.sentence);
    }
    replace(row, settled);
    if (answer.mayPass || "mayPass" in settled.dataset) offerRetry(settled, file);
    count();
    look(1000);
  }

  function offerRetry(row, file) {
    files.set(row, file);
    const button = row.querySelector("[data-retry]");
    button.hidden = false;
    button.addEventListener("click", () => retry([row]));
  }

  async function retry(rows) {
    await renew();
    for (const row of rows) {
      const file = files.get(row);
      // Pressed twice, it has gone already.
      if (!file) continue;
      const again = newRow(file);
      files.delete(row);
      row.replaceWith(again);
      enqueue(again, file);
    }
  }

  document
    .querySelector("[data-retry-all]")
    .addEventListener("click", () => retry(list.querySelectorAll("[data-state=refused]")));

  // Leaving ends what is being sent.
  addEventListener("beforeunload", (event) => {
    if (sending || queue.length) event.preventDefault();
  });

  function say(row, words) {
    row.querySelector(".row__state").textContent = words;
  }

  // A picture of the file itself, until the library has made a thumbnail.
  function preview(row, file) {
    const image = new Image();
    image.alt = "";
    image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    image.addEventListener("error", () => image.remove());
    image.src = URL.createObjectURL(file);
    row.querySelector(".row__picture").replaceChildren(image);
  }

  function replace(row, fresh) {
    row.replaceWith(fresh);
    htmx.process(fresh);
    // Only now: a picture that moves to another document is loaded anew.
    const image = row.querySelector(".row__picture > img");
    const place = fresh.querySelector(".row__picture");
    if (image && !place.querySelector("img")) place.append(image);
  }

  function count() {
    const summary = document.getElementById("summary");
    summary.hidden = !list.children.length;
    for (const part of summary.querySelectorAll("[data-count]")) {
      const number = list.querySelectorAll(`[data-state=${part.dataset.count}]`).length;
      part.querySelector("b").textContent = number.toLocaleString("en");
      part.hidden = !number;
    }
    summary.querySelector("[data-retry-all]").hidden = ![...files.keys()].some((row) => row.dataset.state === "refused");
    summary.querySelector("[data-look-again]")?.remove();
  }

  // The rows that wait are asked for again, ever more slowly while nothing changes.
  const ROWS_AT_ONCE = 50;
  let timer = 0;
  let pause = 1000;

  function look(soon) {
    if (soon) pause = soon;
    clearTimeout(timer);
    if (list.querySelector("[data-state=stored]")) timer = setTimeout(askAgain, pause);
  }

  async function askAgain() {
    const rows = [...list.querySelectorAll("[data-state=stored]")].slice(0, ROWS_AT_ONCE);
    const ids = (again) => rows.filter((row) => "again" in row.dataset === again).map((row) => row.dataset.asset);
    let changed = false;
    try {
      const url = `${form.dataset.status}?ids=${ids(false)}&again=${ids(true)}`;
      const response = await fetch(url, { headers: { "HX-Request": "true" } });
      changed = response.ok && update(await response.text());
    } catch {
      // The connection is away: asked again after the pause.
    }
    pause = changed ? 1000 : Math.min(1.5 * pause, 10000);
    look();
  }

  function update(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    let changed = false;
    for (const fresh of page.querySelectorAll(".row")) {
      const again = "again" in fresh.dataset ? "[data-again]" : ":not([data-again])";
      const row = list.querySelector(`[data-state=stored][data-asset="${fresh.dataset.asset}"]${again}`);
      if (!row || fresh.dataset.state === "stored") continue;
      // The name that was sent, which the library has not kept of a picture that it had.
      fresh.querySelector(".row__name a").textContent = row.querySelector(".row__name").textContent;
      const keep = row.querySelector(".row__keep");
      if (keep) fresh.append(keep);
      replace(row, fresh);
      changed = true;
    }
    count();
    return changed;
  }

  // A row that htmx has put in the place of another: somebody keeps theirs too.
  list.addEventListener("htmx:afterSettle", () => {
    count();
    look(1000);
  });

  count();
  look();
})();
