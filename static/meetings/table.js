// A plain countdown for who wants one. Without scripts the clock times of the agenda say the same.
(() => {
  const box = document.querySelector("[data-countdown]");
  if (!box) return;
  const [minutes, button, shown] = [box.querySelector("input"), box.querySelector("button"), box.querySelector("output")];
  let ends = 0;
  let ticking = null;
  box.hidden = false;

  const stop = (said) => {
    clearInterval(ticking);
    ticking = null;
    button.textContent = "Start";
    shown.textContent = said;
  };
  const tick = () => {
    const left = Math.ceil((ends - Date.now()) / 1000);
    if (left <= 0) {
      shown.setAttribute("aria-live", "assertive");
      stop("The time is up.");
      return;
    }
    shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  };
  button.addEventListener("click", () => {
    if (ticking) {
      stop("");
      return;
    }
    if (!minutes.checkValidity() || !minutes.value) {
      shown.setAttribute("aria-live", "assertive");
      shown.textContent = `Enter ${minutes.min} to ${minutes.max} minutes.`;
      minutes.focus();
      return;
    }
    shown.setAttribute("aria-live", "off");
    ends = Date.now() + Number(minutes.value) * 60_000;
    button.textContent = "Stop";
    ticking = setInterval(tick, 500);
    tick();
  });
})();

// What is typed and not saved is gone with the page; the other notes come back with one that is saved.
(() => {
  const form = document.getElementById("notes");
  if (!form) return;
  let saving = false;
  form.addEventListener("submit", () => {
    saving = true;
  });
  window.addEventListener("pageshow", () => {
    saving = false;
  });
  window.addEventListener("beforeunload", (event) => {
    const isTyped = [...form.elements].some((each) => each.matches("textarea") && each.value.trim());
    if (isTyped && !saving) event.preventDefault();
  });
})();
