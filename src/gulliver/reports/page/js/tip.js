// What is said of a thing when it is pointed at or reached with the keyboard.
const startTips = () => {
  const tip = h("div", { id: "tip", role: "status", hidden: true });
  document.body.append(tip);
  const hide = () => {
    tip.hidden = true;
  };
  const show = (owner, x, y) => {
    tip.textContent = owner.dataset.tip;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const top = y + 18 + box.height > innerHeight ? y - box.height - 12 : y + 18;
    tip.style.left = `${Math.min(Math.max(8, x + 14), innerWidth - box.width - 8)}px`;
    tip.style.top = `${Math.max(8, top)}px`;
  };
  const owner = (event) => (event.target instanceof Element ? event.target.closest("[data-tip]") : null);
  const point = (event) => {
    const found = owner(event);
    if (found) show(found, event.clientX, event.clientY);
    else hide();
  };
  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  document.addEventListener("focusin", (event) => {
    const found = owner(event);
    if (!found || !event.target.matches(":focus-visible")) return;
    const box = found.getBoundingClientRect();
    show(found, box.left + box.width / 2, box.top + box.height / 2);
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, { passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
};
