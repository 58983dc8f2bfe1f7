// The picture under the pointer or in focus is marked in the other columns too.
(() => {
  const columns = document.querySelector(".columns");
  if (!columns) return;

  function mark(here) {
    for (const spot of columns.querySelectorAll(".spot")) {
      const isSame = here && spot !== here && spot.dataset.asset === here.dataset.asset;
      spot.classList.toggle("spot--same", Boolean(isSame));
    }
  }

  for (const kind of ["pointerover", "focusin"]) {
    columns.addEventListener(kind, (event) => mark(event.target.closest(".spot")));
  }
  for (const kind of ["pointerleave", "focusout"]) columns.addEventListener(kind, () => mark(null));

  // A judgement changes the buttons wherever the picture stands; the focus stays on the one pressed.
  let pressed = null;
  columns.addEventListener("submit", (event) => {
    const spot = event.target.closest(".spot");
    const byKeyboard = event.submitter.matches(":focus-visible");
    pressed = byKeyboard ? () => spot.querySelector(`[value="${event.submitter.value}"][name=grade]`) : null;
  });
  document.addEventListener("htmx:afterRequest", () => {
    if (pressed) pressed()?.focus();
    pressed = null;
  });

  // What was judged is gone: the page says what there is now.
  document.addEventListener("htmx:responseError", () => location.reload());
})();
