// A picture that is chosen, dropped anywhere or pasted becomes the query.
(() => {
  const form = document.getElementById("query-picture");
  // On the upload page a dropped picture is an upload.
  if (!form || document.querySelector("[data-upload]")) return;
  const input = form.querySelector("input[type=file]");

  function ask(files) {
    const picture = [...files].find((file) => file.type.startsWith("image/")) || files[0];
    if (!picture) return;
    const only = new DataTransfer();
    only.items.add(picture);
    input.files = only.files;
    form.requestSubmit();
  }

  input.addEventListener("change", () => input.files.length && form.requestSubmit());

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
