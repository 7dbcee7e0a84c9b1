// Pages that ask for a passkey: shows their button, hands it to the sign-in library, and tells what went wrong.
document.addEventListener("DOMContentLoaded", () => {
  const trouble = document.getElementById("passkey-trouble");
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const kind = button.dataset.passkey;
    button.hidden = false;
    window.allauth.webauthn.forms[`${kind}Form`]({
      ids: { [kind]: button.id, credential: button.dataset.credential, data: "js_data" },
    });
  }
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    trouble.hidden = false;
    trouble.querySelector(".passkey-reason").textContent = event.detail.exception.message;
  });
});
