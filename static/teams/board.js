// Moving and pinning people, and undoing, without loading the page anew; without scripts links and buttons do the same.
(() => {
  const form = document.getElementById("move");
  if (!form) return;
  const board = document.querySelector("[data-board]");
  const said = document.getElementById("board-said");
  const inHand = document.getElementById("board-picked");
  let picked = null; // the seat whose person is about to be moved

  const offer = () => {
    for (const button of document.querySelectorAll("[data-put]")) {
      button.hidden = !picked || button.closest("[data-drop]").contains(picked);
    }
    for (const name of document.querySelectorAll("[data-picked]")) {
      name.textContent = picked ? picked.dataset.name : "";
    }
  };

  const pick = (seat) => {
    picked?.classList.remove("seat-picked");
    picked = seat;
    picked?.classList.add("seat-picked");
    form.elements.participant.value = seat ? seat.dataset.person : "";
    offer();
    const words = seat
      ? `${seat.dataset.name} is picked up. Choose “Put here” at a team, or “Change places” beside a person.`
      : "";
    said.textContent = words && `${words} Escape leaves them where they are.`;
    inHand.querySelector("p").textContent = words;
    inHand.hidden = !seat;
  };

  board.addEventListener("click", (event) => {
    const link = event.target.closest("[data-pick]");
    if (!link) return;
    event.preventDefault();
    const seat = link.closest(".seat");
    pick(seat === picked ? null : seat);
  });

  const leave = () => {
    const seat = picked;
    pick(null);
    seat.querySelector("[data-pick]").focus();
  };
  inHand.querySelector("button").addEventListener("click", leave);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && picked) leave();
  });

  // By mouse: onto a person is changing places, onto a team or the pool is moving; where they are already is neither.
  const ready = () => {
    for (const seat of document.querySelectorAll(".seat[data-person]")) seat.draggable = true;
  };
  const target = (event) => {
    const place = event.target.closest("[data-drop]");
    return place?.contains(picked) ? null : event.target.closest(".seat[data-person]") || place;
  };
  const mark = (place) => {
    document.querySelector(".drop-here")?.classList.remove("drop-here");
    place?.classList.add("drop-here");
  };
  board.addEventListener("dragstart", (event) => {
    const seat = event.target.closest(".seat[data-person]");
    if (!seat) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", seat.dataset.name);
    pick(seat);
  });
  board.addEventListener("dragover", (event) => {
    const place = target(event);
    mark(picked && place);
    if (picked && place) event.preventDefault();
  });
  board.addEventListener("drop", (event) => {
    const place = target(event);
    if (!picked || !place) return;
    event.preventDefault();
    mark(null);
    const button = place.matches(".seat")
      ? place.querySelector("[data-put]")
      : place.querySelector(":scope > [data-put], :scope > p > [data-put], .team-acts > [data-put]");
    button?.click();
  });
  board.addEventListener("dragend", () => {
    mark(null);
    pick(null);
  });

  let pressed = null; // the button, which stands outside its form, so that htmx does not know it
  let place = ""; // the id of the part of the board where it stood
  const forms = [form, document.getElementById("pin"), document.getElementById("undo")];
  for (const each of forms) {
    each.setAttribute("hx-post", each.getAttribute("action"));
    each.setAttribute("hx-swap", "none"); // the answer says of each part where it belongs
    htmx.process(each);
    each.addEventListener("submit", (event) => {
      pressed = event.submitter;
      place = pressed.closest("[id]:not(button)").id;
    }, true);
  }
  document.body.addEventListener("htmx:configRequest", (event) => {
    if (forms.includes(event.target) && pressed?.name) event.detail.parameters[pressed.name] = pressed.value;
  });

  // What is swapped may be taller or shorter: where the button stood stays where it is on the screen.
  let stood = null;
  const top = () => document.getElementById(place)?.getBoundingClientRect().top ?? 0;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (forms.includes(event.target)) stood = {top: top(), scrolled: window.scrollY};
  });

  // After a move, or one that was refused, the keyboard is where the person is now; otherwise at the same button.
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (!forms.includes(event.target)) return;
    if (stood) {
      window.scrollTo(0, stood.scrolled);
      if (event.target === forms[1]) window.scrollBy(0, top() - stood.top);
      stood = null;
    }
    const there = event.target === form
      ? document.querySelector(`#person-${form.elements.participant.value} [data-pick]`)
      : document.querySelector(`#${place} [form="${event.target.id}"]`);
    pick(null);
    ready();
    (there ?? board).focus({preventScroll: event.target !== form}); // only a person can be somewhere else now
  });
  document.body.addEventListener("htmx:sendError", (event) => {
    if (forms.includes(event.target)) said.textContent = "The site does not answer. Nothing was changed; try again.";
  });
  ready();
  offer();
})();
