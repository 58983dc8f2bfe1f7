// A slider asks anew as soon as it is let go; its button is for pages without scripts.
(() => {
  for (const field of document.querySelectorAll("[data-submits]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
  // On a phone the facets are folded until they are asked for.
  const facets = document.querySelector(".facets");
  if (facets && matchMedia("(max-width: 820px)").matches) facets.open = false;
})();
