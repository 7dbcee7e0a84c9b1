// Comfort only: without it the menu stands open and every page works.
document.documentElement.classList.add("js");

document.addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector(".menu-button");
  const menu = document.getElementById("site-nav");
  if (button && menu) {
    const show = (open) => {
      button.setAttribute("aria-expanded", String(open));
      menu.classList.toggle("open", open);
    };
    button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.classList.contains("open")) {
        show(false);
        button.focus();
      }
    });
  }

  const account = document.querySelector("details.account");
  if (account) {
    document.addEventListener("click", (event) => {
      if (!account.contains(event.target)) account.open = false;
    });
    account.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        account.open = false;
        account.querySelector("summary").focus();
      }
    });
  }

  for (const printer of document.querySelectorAll("[data-print]")) {
    printer.hidden = false;
    printer.addEventListener("click", () => window.print());
  }
});
