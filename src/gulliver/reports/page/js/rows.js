// A list of any length: only the rows in sight exist. Arrow keys move, Enter opens.
const windowedList = (label, height, draw, open) => {
  let [size, active, drawn] = [0, 0, ""];
  const inner = h("div", { class: "rows", role: "presentation" });
  const node = h("div", { class: "list", role: "listbox", tabindex: "0", "aria-label": label }, inner);
  const refresh = (again = false) => {
    const first = Math.max(0, Math.floor(node.scrollTop / height) - 4);
    const last = Math.min(size, Math.ceil((node.scrollTop + node.clientHeight) / height) + 4);
    const wanted = `${first} ${last} ${active}`;
    if (!again && wanted === drawn) return;
    drawn = wanted;
    inner.style.height = `${size * height}px`;
    inner.replaceChildren(
      ...Array.from({ length: Math.max(0, last - first) }, (_, i) => {
        const place = first + i;
        return h(
          "div",
          {
            class: place === active ? "row active" : "row",
            role: "option",
            id: `row-${place}`,
            "aria-selected": String(place === active),
            "aria-setsize": String(size),
            "aria-posinset": String(place + 1),
            style: { top: `${place * height}px`, height: `${height}px` },
            on: {
              click: () => {
                move(place);
                open(place);
              },
            },
          },
          draw(place),
        );
      }),
    );
    if (size) node.setAttribute("aria-activedescendant", `row-${active}`);
    else node.removeAttribute("aria-activedescendant");
  };
  const move = (place) => {
    active = Math.min(size - 1, Math.max(0, place));
    const [top, bottom] = [active * height, (active + 1) * height];
    if (top < node.scrollTop) node.scrollTop = top;
    if (bottom > node.scrollTop + node.clientHeight) node.scrollTop = bottom - node.clientHeight;
    refresh(true);
  };
  node.addEventListener("scroll", () => refresh(), { passive: true });
  node.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(node.clientHeight / height) - 1);
    const to = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: size - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if ((event.key === "Enter" || event.key === " ") && size) {
      event.preventDefault();
      open(active);
    }
  });
  new ResizeObserver(() => refresh(true)).observe(node);
  return {
    node,
    move,
    resize: (now) => {
      size = now;
      active = Math.min(active, Math.max(0, now - 1));
      node.scrollTop = Math.min(node.scrollTop, size * height);
      refresh(true);
    },
  };
};
