// Pictures that are chosen, taken, dropped anywhere or pasted become part of the query.
(() => {
  const form = document.getElementById("query-picture");
  // On the upload page a dropped picture is an upload.
  if (!form || document.querySelector("[data-upload]")) return;
  const input = form.querySelector("input[type=file]");

  // Where none of them is a picture, the answer says why the first can't be one.
  function ask(files) {
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    const transfer = new DataTransfer();
    for (const picture of pictures.length ? pictures : [...files].slice(0, 1)) transfer.items.add(picture);
    if (!transfer.files.length) return;
    input.files = transfer.files;
    form.requestSubmit();
  }

  input.addEventListener("change", () => input.files.length && form.requestSubmit());
  form.querySelector("[type=submit]").hidden = true;

  // On a phone one press opens the camera; the plain field offers the pictures that are there.
  const camera = form.querySelector("[data-camera]");
  const button = form.querySelector("[data-take]");
  if (camera && matchMedia("(pointer: coarse)").matches) {
    button.hidden = false;
    form.querySelector("[data-drop-hint]")?.remove();
    button.addEventListener("click", () => camera.click());
    camera.addEventListener("change", () => ask(camera.files));
  }

  addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    ask(event.clipboardData.files);
  });

  const notice = document.getElementById("drop-here");
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const held = (change) => {
    depth = change ? depth + change : 0;
    notice.hidden = depth <= 0;
  };
  addEventListener("dragenter", (event) => carriesFiles(event) && held(1));
  addEventListener("dragleave", (event) => carriesFiles(event) && held(-1));
  addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    held(0);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    ask(event.dataTransfer.files);
  });
})();
