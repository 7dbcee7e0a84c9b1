// The attendance table by keys: arrows go from mark to mark, a letter sets one. Without scripts it is a form like any other.
(() => {
  const form = document.querySelector("[data-grid]");
  if (!form) return;
  form.querySelector("[data-grid-help]").hidden = false;
  const said = form.querySelector("[data-grid-said]");
  const marks = [...form.querySelectorAll("select.grid-mark")];
  const done = []; // what was changed, the last one last: [select, its value before]
  const values = new Map();

  const stands = (select) => select.querySelector("[data-stands]").value;
  const tell = () => {
    let changed = 0;
    for (const select of marks) {
      const isChanged = select.value !== stands(select);
      select.classList.toggle("is-changed", isChanged);
      changed += isChanged;
    }
    said.textContent = changed ? `${changed} mark${changed > 1 ? "s" : ""} changed, not saved yet.` : "";
  };
  const keep = (select) => {
    if (select.value === values.get(select)) return;
    done.push([select, values.get(select)]);
    values.set(select, select.value);
    tell();
  };
  const set = (select, value) => {
    select.value = value;
    keep(select);
  };
  const undo = () => {
    const last = done.pop();
    if (!last) return;
    const [select, before] = last;
    select.value = before;
    values.set(select, before);
    select.focus();
    tell();
  };

  // The mark that many columns and rows away, over cells without one.
  const beside = (select, across, down) => {
    let cell = select.closest("td");
    const column = cell.cellIndex;
    for (;;) {
      if (across) {
        cell = across > 0 ? cell.nextElementSibling : cell.previousElementSibling;
      } else {
        const row = down > 0 ? cell.parentElement.nextElementSibling : cell.parentElement.previousElementSibling;
        cell = row && row.cells[column];
      }
      if (!cell) return null;
      const found = cell.querySelector("select");
      if (found) return found;
    }
  };
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  for (const select of marks) {
    values.set(select, select.value);
    select.addEventListener("change", () => keep(select));
    select.addEventListener("keydown", (event) => {
      if (event.altKey) return;
      if (event.ctrlKey || event.metaKey) {
        if (event.key.toLowerCase() === "z") {
          event.preventDefault();
          undo();
        }
        return;
      }
      if (event.key in WAYS) {
        event.preventDefault();
        beside(select, ...WAYS[event.key])?.focus();
      } else if (event.key === "Escape") {
        set(select, stands(select));
      } else if (/^[a-z]$/i.test(event.key)) {
        event.preventDefault();
        const option = select.querySelector(`[data-letter="${event.key.toUpperCase()}"]`);
        if (option) set(select, option.value);
      }
    });
  }
  tell();

  // What was chosen is not lost by leaving without a word.
  let isSent = false;
  form.addEventListener("submit", () => {
    isSent = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!isSent && marks.some((select) => select.value !== stands(select))) event.preventDefault();
  });
})();
