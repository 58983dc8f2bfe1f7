// Completions below the field while a person types: the combobox of ARIA 1.2.
(() => {
  const field = document.querySelector(".field__words[data-completions]");
  if (!field) return;
  const PAUSE = 120;
  const panel = document.createElement("div");
  const count = document.createElement("p");
  let asking = null;
  let timer = 0;
  let typed = field.value;

  panel.className = "completions";
  panel.hidden = true;
  count.className = "aside";
  count.setAttribute("role", "status");
  field.closest(".field").append(panel, count);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
  })) field.setAttribute(name, value);

  const options = () => [...panel.querySelectorAll("[role=option]")];
  const active = () => panel.querySelector("[aria-selected=true]");

  // Asking --------------------------------------------------------------------------------------

  field.addEventListener("input", () => {
    typed = field.value;
    later();
  });

  // A press on the empty field offers what was asked lately; arriving there by itself does not.
  field.addEventListener("click", () => !field.value && panel.hidden && navigator.onLine && ask());

  function later() {
    clearTimeout(timer);
    asking?.abort();
    if (!typed.trim() || !navigator.onLine) return close();
    timer = setTimeout(ask, PAUSE);
  }

  async function ask() {
    const question = (asking = new AbortController());
    const url = `${field.dataset.completions}?${new URLSearchParams({ q: typed })}`;
    try {
      const answer = await fetch(url, { signal: question.signal, headers: { "HX-Request": "true" } });
      const html = answer.ok && !answer.redirected ? await answer.text() : "";
      if (document.activeElement === field && field.value === typed) show(html);
    } catch {
      // An older question was given up, or nobody answers: there is nothing to offer.
      if (!question.signal.aborted) close();
    }
  }

  function show(html) {
    panel.innerHTML = html;
    const list = panel.querySelector("[role=listbox]");
    if (!list || !options().length) return close();
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-expanded", "true");
    field.removeAttribute("aria-activedescendant");
    panel.hidden = false;
    count.textContent = `${options().length} ${options().length === 1 ? "suggestion" : "suggestions"}`;
  }

  function close() {
    clearTimeout(timer);
    panel.hidden = true;
    panel.replaceChildren();
    count.textContent = "";
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-controls");
    field.removeAttribute("aria-activedescendant");
  }

  // Choosing ------------------------------------------------------------------------------------

  function mark(option) {
    active()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
    field.value = option ? option.dataset.value : typed;
  }

  function walk(step) {
    const all = [null, ...options()];
    mark(all[(all.indexOf(active()) + step + all.length) % all.length]);
  }

  // The name of a filter goes on with a value; anything else is the query.
  function choose(option) {
    field.value = typed = option.dataset.value;
    if (option.hasAttribute("data-goes-on")) return later();
    close();
    field.form.requestSubmit();
  }

  function giveUp() {
    field.value = typed;
    asking?.abort();
    close();
  }

  const KEYS = {
    ArrowDown: () => walk(1),
    ArrowUp: () => walk(-1),
    Escape: giveUp,
  };

  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.altKey && event.key === "ArrowDown" && panel.hidden) return ask();
    if (panel.hidden || event.altKey || event.shiftKey) return;
    if (event.key === "Tab") return (typed = field.value), close();
    const deed = event.key === "Enter" && active() ? () => choose(active()) : KEYS[event.key];
    if (!deed) return;
    deed();
    event.preventDefault();
  });

  // A press on an option must not take the focus from the field.
  panel.addEventListener("mousedown", (event) => event.preventDefault());
  panel.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  field.addEventListener("blur", () => {
    asking?.abort();
    close();
  });
  field.form.addEventListener("submit", () => {
    asking?.abort();
    close();
  });
})();
