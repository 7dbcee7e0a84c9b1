// Saves a step while it is written: when, in what order, and what is said when it does not work; htmx carries it.
// Without scripts each step is saved by its buttons.
(() => {
  const PAUSE = 1500; // after the last key
  const RETRIES = [2000, 5000, 10000, 20000, 30000]; // the last one again and again

  const cookie = (name) =>
    document.cookie.split("; ").find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);

  // Signing in again in another tab makes a new token: what is sent carries the one that counts now.
  const freshToken = (form) => {
    const token = cookie("__Host-csrftoken") ?? cookie("csrftoken");
    if (token) form.elements.csrfmiddlewaretoken.value = token;
  };

  // A page that carries typed answers in hidden fields: they are gone with it.
  const guard = (form) => {
    let sending = false;
    form.addEventListener("submit", () => {
      freshToken(form);
      sending = true;
    });
    window.addEventListener("beforeunload", (event) => {
      if (!sending) event.preventDefault();
    });
  };

  const autosave = (form) => {
    const line = document.getElementById("save-state");
    let typed = form.hasAttribute("data-unsaved") ? 1 : 0; // changes so far
    let sent = 0; // how many of them the request under way carries
    let saved = 0;
    let busy = false;
    let failures = 0;
    let timer = null;
    let next = null; // where a button or link leads once all is saved
    let leaving = false;

    const unsaved = () => typed > saved;
    const state = () => line.querySelector("[data-state]")?.dataset.state;

    const save = () => {
      clearTimeout(timer);
      window.htmx.trigger(form, "save");
    };
    const plan = (delay) => {
      clearTimeout(timer);
      timer = setTimeout(save, delay);
    };

    // What is there now is no longer asked for.
    const clearNotes = () => {
      for (const note of form.querySelectorAll(".still-missing")) {
        if (!document.querySelector(`#lacking-list a[href="#${note.dataset.anchor}"]`)) note.remove();
      }
    };

    const later = (why) => {
      next = null;
      line.replaceChildren(document.getElementById(`say-${why}`).content.cloneNode(true));
      plan(RETRIES[Math.min(failures, RETRIES.length - 1)]);
      failures += 1;
    };

    const goOn = () => {
      const { go, evenUnsaved } = next;
      next = null;
      if (unsaved() && !evenUnsaved) return;
      leaving = true;
      go();
    };

    form.addEventListener("input", (event) => {
      typed += 1;
      plan(event.target.matches("[type=radio], [type=checkbox]") ? 200 : PAUSE);
    });
    form.addEventListener("change", () => unsaved() && plan(200));

    form.addEventListener("htmx:configRequest", (event) => {
      freshToken(form);
      event.detail.parameters.csrfmiddlewaretoken = form.elements.csrfmiddlewaretoken.value;
      sent = typed;
      busy = true;
    });
    line.addEventListener("htmx:beforeSwap", (event) => {
      if ([401, 409].includes(event.detail.xhr.status)) {
        event.detail.shouldSwap = true;
        event.detail.isError = false;
      }
    });
    form.addEventListener("htmx:afterRequest", (event) => {
      busy = false;
      const { status } = event.detail.xhr;
      if (![200, 401, 409].includes(status)) {
        later(status ? "trouble" : "offline");
        return;
      }
      failures = 0;
      if (status === 200) clearNotes();
      if (status === 401) next = null;
      if (state() === "saved") saved = sent;
      if (state() === "saved" && unsaved()) plan(next ? 0 : PAUSE); // more was typed meanwhile
      else if (next) goOn();
    });

    form.addEventListener("submit", (event) => {
      freshToken(form);
      if (leaving || state() === "elsewhere" || (!unsaved() && !busy)) {
        leaving = true;
        return;
      }
      event.preventDefault();
      next = { go: () => form.requestSubmit(event.submitter), evenUnsaved: true };
      save();
    });
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      const plainClick = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
      if (!link || !plainClick || link.target || (!unsaved() && !busy)) return;
      if (link.pathname === location.pathname && link.hash) return;
      if (!["http:", "https:"].includes(link.protocol)) return;
      event.preventDefault();
      next = { go: () => location.assign(link.href), evenUnsaved: false };
      save();
    });

    const tryAgain = () => unsaved() && !busy && save();
    window.addEventListener("online", tryAgain);
    window.addEventListener("focus", tryAgain); // back from signing in
    document.addEventListener("visibilitychange", tryAgain); // also on the way out: a phone may not come back
    window.addEventListener("beforeunload", (event) => {
      if (unsaved() && !leaving) event.preventDefault();
    });
    // A page that the browser has kept is older than what is saved.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      if (unsaved() && !leaving) save();
      else location.reload();
    });
  };

  const carrying = document.querySelector("form[data-carrying]");
  if (carrying) guard(carrying);
  const step = document.querySelector("form[data-autosave]");
  if (step && window.htmx) autosave(step);
})();
