"use strict";
(() => {
  const tip = document.getElementById("tip");
  const hide = () => { tip.hidden = true; };
  const show = (owner, x, y) => {
    tip.textContent = owner.dataset.tip;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, x + 14), innerWidth - box.width - 8);
    const top = y + 18 + box.height > innerHeight ? y - box.height - 12 : y + 18;
    tip.style.left = `${left}px`;
    tip.style.top = `${Math.max(8, top)}px`;
  };
  const owner = (event) => event.target.closest("[data-tip]");
  document.addEventListener("pointermove", (event) => {
    const found = owner(event);
    if (found) show(found, event.clientX, event.clientY); else hide();
  });
  document.addEventListener("pointerdown", (event) => {
    const found = owner(event);
    if (found) show(found, event.clientX, event.clientY); else hide();
  });
  document.addEventListener("focusin", (event) => {
    const found = owner(event);
    if (!found || !event.target.matches(":focus-visible")) return;
    const box = found.getBoundingClientRect();
    show(found, box.left + box.width / 2, box.top + box.height / 2);
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, { passive: true });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      const numeric = head.dataset.kind === "number";
      const rows = [...table.tBodies[0].rows];
      const value = (row) => row.cells[column].dataset.value;
      rows.sort((a, b) => {
        const [p, q] = [value(a), value(b)];
        if (p === "" || q === "") return (p === "") - (q === "");
        const order = numeric ? Number(p) - Number(q) : p.localeCompare(q);
        return down ? -order : order;
      });
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      table.tBodies[0].append(...rows);
    }));
  }
})();
