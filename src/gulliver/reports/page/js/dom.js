// Elements are made by name and filled with text nodes: nothing is ever parsed as HTML, so no text can act.
const SVG = "http://www.w3.org/2000/svg";

const fill = (node, attributes, children) => {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (key === "style") for (const [name, set] of Object.entries(value)) node.style.setProperty(name, set);
    else node.setAttribute(key, value === true ? "" : typeof value === "number" ? round(value) : value);
  }
  node.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
};
const round = (value) => String(Math.round(value * 100) / 100);
const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
const s = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/** Text of others, whose direction must not spill over. */
const bdi = (text, kind) => h("bdi", { class: kind, dir: "auto" }, String(text ?? ""));
const recipeName = (text) => bdi(text, "recipe");
const block = (text) => h("pre", { dir: "auto", tabindex: "0" }, text);
const section = (id, title, ...children) =>
  h("section", { "aria-labelledby": `h-${id}`, id: `s-${id}` }, h("h2", { id: `h-${id}` }, title), ...children);
const scroller = (label, ...children) =>
  h("div", { class: "scroll", role: "region", "aria-label": label, tabindex: "0" }, ...children);
const facts = (rows) =>
  h(
    "dl",
    { class: "facts" },
    rows
      .filter(([, value]) => value !== "" && value !== null && value !== undefined)
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value instanceof Node ? value : bdi(value)))),
  );
const cards = (rows) =>
  h(
    "dl",
    { class: "cards" },
    rows
      .filter(Boolean)
      .map(([name, value, more]) =>
        h("div", {}, h("dt", {}, name), h("dd", {}, value, more ? h("small", {}, ` ${more}`) : null)),
      ),
  );
const choice = (label, options, chosen, act) =>
  h(
    "label",
    { class: "field" },
    h("span", {}, label),
    h(
      "select",
      { on: { change: (event) => act(event.target.value) } },
      options.map(([value, text]) => h("option", { value, selected: String(value) === String(chosen) }, text)),
    ),
  );
const searching = (label, act, { kind = "field", ...more } = {}) =>
  h(
    "label",
    { class: kind },
    h("span", {}, label),
    h("input", { type: "search", ...more, on: { input: (event) => act(event.target.value) } }),
  );

/** Draws into a box as wide as it is, and again when that changes. */
const responsive = (draw, kind) => {
  const box = h("div", { class: kind ?? "drawn" });
  let width = 0;
  const redraw = () => {
    const now = Math.round(box.clientWidth);
    if (now && now !== width) {
      width = now;
      box.replaceChildren(draw(now));
    }
  };
  new ResizeObserver(redraw).observe(box);
  return box;
};
