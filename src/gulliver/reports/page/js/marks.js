// One shape a strategy, one colour a model, the same in every figure: neither alone has to be told apart.
const SHAPES = ["circle", "square", "triangle", "diamond", "wedge", "cross"];
const CORNERS = {
  triangle: [
    [0, -1.15],
    [1.1, 0.8],
    [-1.1, 0.8],
  ],
  diamond: [
    [0, -1.3],
    [1.2, 0],
    [0, 1.3],
    [-1.2, 0],
  ],
  wedge: [
    [0, 1.15],
    [1.1, -0.8],
    [-1.1, -0.8],
  ],
  cross: [
    [-0.4, -1.1],
    [0.4, -1.1],
    [0.4, -0.4],
    [1.1, -0.4],
    [1.1, 0.4],
    [0.4, 0.4],
    [0.4, 1.1],
    [-0.4, 1.1],
    [-0.4, 0.4],
    [-1.1, 0.4],
    [-1.1, -0.4],
    [-0.4, -0.4],
  ],
};

const mark = (shape, x, y, size, attributes) => {
  if (shape === "circle") return s("circle", { cx: x, cy: y, r: size, ...attributes });
  if (shape === "square")
    return s("rect", {
      x: x - 0.88 * size,
      y: y - 0.88 * size,
      width: 1.76 * size,
      height: 1.76 * size,
      ...attributes,
    });
  return s("polygon", {
    points: CORNERS[shape].map(([a, b]) => `${round(x + a * size)},${round(y + b * size)}`).join(" "),
    ...attributes,
  });
};
const swatch = (shape, colour) =>
  s(
    "svg",
    { class: `swatch ${colour}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    mark(shape, 8, 8, 5.5, { class: "mark" }),
  );

/** The look of every model and strategy of a study: models from the smallest up, floors grey. */
const looksOf = (recipes) => {
  const colours = new Map();
  const shapes = new Map();
  for (const r of recipes.filter((r) => !r.floor).sort((a, b) => a.parameters - b.parameters)) {
    if (!colours.has(r.model)) colours.set(r.model, `c${colours.size % 8}`);
  }
  for (const r of recipes.filter((r) => !r.floor))
    if (!shapes.has(r.strategy)) shapes.set(r.strategy, SHAPES[shapes.size % 6]);
  const of = (r) =>
    r.floor ? { colour: "floor", shape: "cross" } : { colour: colours.get(r.model), shape: shapes.get(r.strategy) };
  const legend = () =>
    h(
      "ul",
      { class: "legend", "aria-label": "colours and shapes" },
      [...colours].map(([name, colour]) => h("li", {}, swatch("circle", colour), bdi(name))),
      recipes.some((r) => r.floor) ? h("li", {}, swatch("cross", "floor"), "floor (no language model)") : null,
      [...shapes].map(([name, shape]) => h("li", {}, swatch(shape, "ink"), bdi(name))),
    );
  return { of, legend };
};
