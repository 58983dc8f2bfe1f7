// A passkey is made, or shown, where a button of the page asks for one (webauthn-json is allauth's).
(() => {
  "use strict";
  const button = document.querySelector("[data-passkey]");
  if (!button || !window.PublicKeyCredential) return;
  const { form } = button;
  const trouble = document.getElementById("passkey-trouble");
  button.hidden = false;
  document.getElementById("passkey-needs").hidden = true;
  button.addEventListener("click", async () => {
    const options = JSON.parse(document.getElementById("js_data").textContent);
    trouble.hidden = true;
    try {
      const credential = button.dataset.passkey === "create"
        ? await window.webauthnJSON.create(options.creation_options)
        : await window.webauthnJSON.get(options.request_options);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      trouble.hidden = false;
    }
  });
})();
