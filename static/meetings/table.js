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
