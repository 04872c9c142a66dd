// Shares of a whole side by side, and intervals on a line.
const OUTCOMES = ["right", "wrong", "unreadable", "truncated", "unsupported", "failed"];
const LETTERS = {
  r: "right",
  w: "wrong",
  u: "unreadable",
  t: "truncated",
  s: "unsupported",
  f: "failed",
  ".": "not asked",
};

/** `parts` are [name, amount, kind]; each is as long as its share of the sum. */
const stackBar = (parts, show, kind = "") => {
  const seen = parts.filter(([, amount]) => amount > 0);
  const sum = seen.reduce((total, [, amount]) => total + amount, 0);
  return h(
    "div",
    {
      class: `stack-bar ${kind}`,
      role: "img",
      "aria-label": seen.map(([name, amount]) => `${show(amount)} ${name}`).join(", ") || "nothing",
    },
    seen.map(([name, amount, look]) =>
      h(
        "span",
        {
          class: look,
          style: { width: `${(100 * amount) / sum}%` },
          "data-tip": `${name}: ${show(amount)} (${significant((100 * amount) / sum)} %)`,
        },
        amount / sum >= 0.09 ? (kind === "tall" ? name : show(amount)) : "",
      ),
    ),
  );
};
const stacks = (rows) =>
  h(
    "div",
    { class: "stack" },
    rows.map(([name, bar, told]) => [
      h("div", { class: "stack-name" }, name),
      h("div", { class: "stack-line" }, bar, told ? h("span", { class: "small" }, told) : null),
    ]),
  );
const keyed = (entries) =>
  h(
    "ul",
    { class: "legend" },
    entries.map(([name, look]) => h("li", {}, h("span", { class: `block ${look}` }), name)),
  );

const outcomeParts = (r) => {
  const told = {
    unreadable: r.unreadable,
    truncated: r.truncated,
    unsupported: r.unsupported,
    failed: r.failed,
    right: r.right,
  };
  const wrong = r.items - Object.values(told).reduce((a, b) => a + b, 0);
  return OUTCOMES.map((name) => [name, name === "wrong" ? wrong : told[name], `o-${name}`]);
};

/** A value and its interval between `from` and `to`, with a line at `target` where there is one. */
const intervalBar = (value, low, high, { target = null, from = 0, to = 1, width = 120, said = "" } = {}) => {
  const x = scaleOf(from, to, 3, width - 3);
  return s(
    "svg",
    {
      class: "bar",
      viewBox: `0 0 ${width} 20`,
      role: "img",
      "aria-label": said || `${share(value)}, interval ${share(low)} to ${share(high)}`,
    },
    s("line", { x1: 3, x2: width - 3, y1: 10, y2: 10, class: "grid" }),
    target === null ? null : s("line", { x1: x(target), x2: x(target), y1: 1, y2: 19, class: "target" }),
    s("line", { x1: x(low), x2: Math.max(x(high), x(low) + 1), y1: 10, y2: 10, class: "span" }),
    value === null ? null : s("circle", { cx: x(value), cy: 10, r: 3.5, class: "dot" }),
  );
};
