// Quality against a cost on a log axis: intervals both ways, steps along the frontier, the recommended point ringed and named.
const undominated = (recipes, key) => {
  const known = recipes
    .filter((r) => r.quality !== null && costOf(r, key).value > 0)
    .map((r) => [costOf(r, key).value, r.quality, r.recipe]);
  return new Set(
    known
      .filter(([cost, quality]) => !known.some(([c, q]) => c <= cost && q >= quality && (c !== cost || q !== quality)))
      .map(([, , name]) => name),
  );
};
const membersOf = (result, key) =>
  key === result.run.cheap ? new Set(result.frontier) : undominated(result.recipes, key);

const tipOf = (r, number, key) => {
  const cost = costOf(r, key);
  const axis = AXES[key];
  const between = cost.high > cost.low ? ` (${axis.show(cost.low)} to ${axis.show(cost.high)})` : "";
  return [
    `${number} ${r.recipe}`,
    `quality ${share(r.quality)} (${share(r.low)} to ${share(r.high)})`,
    `${axis.title}: ${axis.show(cost.value)}${between}`,
    `${r.right} of ${r.items} right; ${r.verdict}`,
    r.on_frontier === null ? null : `on the frontier with probability ${share(r.on_frontier)}`,
  ]
    .filter(Boolean)
    .join("\n");
};

const frontierFigure = (study, key, width, open) => {
  const { result, target, looks } = study;
  const axis = AXES[key];
  const members = membersOf(result, key);
  const points = result.recipes
    .map((r, i) => ({
      r,
      number: i + 1,
      cost: costOf(r, key),
      member: members.has(r.recipe),
      chosen: r.recipe === result.answer.recipe,
      ...looks.of(r),
    }))
    .filter((p) => p.r.quality !== null);
  const wide = width > 560;
  const size = wide ? 12.5 : 11.5;
  const height = wide ? 470 : 400;
  const [left, right, top, bottom] = [50, width - 12, 16, height - 46];
  const free = points.some((p) => p.cost.value <= 0);
  const begin = left + (free ? 66 : 0);
  const y = scaleOf(
    ...shareEnds([...points.flatMap((p) => [p.r.low, p.r.high]), ...(target ? [target.value] : [])]),
    bottom - 9,
    top + 4,
  );
  const x = scaleOf(
    ...logEnds(
      points.map((p) => p.cost.value),
      points.flatMap((p) => [p.cost.low, p.cost.high]),
    ),
    begin,
    right,
    true,
  );
  spread(points, x, (left + begin) / 2);
  for (const p of points) p.y = y(p.r.quality);
  const placer = placerOf(
    [left + 2, top - 8, right, bottom - 2],
    points.map((p) => around(p.x, p.y, p.chosen ? 12 : 7)),
    points.flatMap((p) => [
      [p.x - 1, y(p.r.high), p.x + 1, y(p.r.low)],
      ...(p.cost.value > 0 ? [[x(p.cost.low), p.y - 1, x(p.cost.high), p.y + 1]] : []),
    ]),
    points.map((p) => [p.x, p.y]),
  );
  const parts = shareAxis(y, left, right);
  parts.push(...costAxis(x, axis, bottom, top, wide ? 7 : 4, left, right, size, free, begin));
  if (target) parts.push(...targetLine(target, y(target.value), left, right, size, placer));
  const steps = stepsOf(points.filter((p) => p.member && p.cost.value > 0));
  if (steps.length > 1) {
    parts.push(s("polyline", { points: steps.map(([u, v]) => `${round(u)},${round(v)}`).join(" "), class: "steps" }));
    for (let i = 1; i < steps.length; i += 1) placer.lines.push(boxOf(steps[i - 1], steps[i]));
  }
  const order = [...points].sort((a, b) => a.chosen - b.chosen || a.member - b.member);
  parts.push(...order.map((p) => pointMark(p, x, y, key, open)));
  for (const p of [...order].reverse()) parts.push(...labelOf(p, size, placer, wide));
  return s(
    "svg",
    {
      class: "figure",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "group",
      "aria-label": `Quality against ${axis.title}, ${points.length} recipes`,
    },
    parts,
  );
};

const spread = (points, x, middle) => {
  const free = points.filter((p) => p.cost.value <= 0);
  free.forEach((p, i) => {
    p.x = middle + (free.length > 1 ? (i / (free.length - 1) - 0.5) * 36 : 0);
  });
  for (const p of points) if (p.cost.value > 0) p.x = x(p.cost.value);
};
const boxOf = ([a, b], [c, d]) => [Math.min(a, c) - 1, Math.min(b, d) - 1, Math.max(a, c) + 1, Math.max(b, d) + 1];
const stepsOf = (members) => {
  const steps = [];
  for (const p of [...members].sort((a, b) => a.x - b.x)) {
    if (steps.length) steps.push([p.x, steps[steps.length - 1][1]]);
    steps.push([p.x, p.y]);
  }
  return steps;
};
const shareAxis = (y, left, right, step) =>
  shareTicks(y.low, y.high).flatMap((v, i) =>
    step && i % step
      ? []
      : [
          s("line", { x1: left, x2: right, y1: y(v), y2: y(v), class: "grid" }),
          s("text", { x: left - 7, y: y(v) + 4, class: "tick end" }, String(v)),
        ],
  );
const costAxis = (x, axis, bottom, top, most, left, right, size, free, begin) => {
  const parts = [s("text", { x: (begin + right) / 2, y: bottom + 40, class: "axis middle" }, axis.title)];
  let last = free ? begin - 8 : -1e9;
  for (const v of logTicks(x.low, x.high, most)) {
    const text = axis.show(v);
    const half = textWidth(text, size - 1) / 2;
    parts.push(s("line", { x1: x(v), x2: x(v), y1: top, y2: bottom, class: "grid" }));
    if (x(v) - half > last && x(v) + half < right + 10) {
      parts.push(s("text", { x: x(v), y: bottom + 18, class: "tick middle" }, text));
      last = x(v) + half + 4;
    }
  }
  if (free)
    parts.push(
      s("line", { x1: begin, x2: begin, y1: top, y2: bottom, class: "edge" }),
      s("text", { x: (left + begin) / 2, y: bottom + 18, class: "tick middle" }, "none"),
    );
  return parts;
};
const targetLine = (target, at, left, right, size, placer) => {
  const width = textWidth(target.text, size);
  placer.lines.push([left, at - 1, right, at + 1]);
  const spot = placer.place(right - width / 2 - 8, at, width, size + 2, 40);
  return [
    s("line", { x1: left, x2: right, y1: at, y2: at, class: "target" }),
    spot
      ? s("text", { x: (spot.box[0] + spot.box[2]) / 2, y: spot.box[3] - 3, class: "target-text middle" }, target.text)
      : null,
  ];
};
const pointMark = (p, x, y, key, open) => {
  const tip = tipOf(p.r, p.number, key);
  const act = () => open?.(p.number);
  return s(
    "g",
    {
      class: `point ${p.colour}${p.member ? "" : " muted"}`,
      "data-tip": tip,
      tabindex: "0",
      role: "button",
      "aria-label": `${tip.replaceAll("\n", ", ")}; go to its row`,
      on: {
        click: act,
        keydown: (event) => {
          if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            act();
          }
        },
      },
    },
    s("line", { x1: p.x, x2: p.x, y1: y(p.r.low), y2: y(p.r.high), class: "whisker" }),
    p.cost.value > 0 && p.cost.high > p.cost.low
      ? s("line", { x1: x(p.cost.low), x2: x(p.cost.high), y1: p.y, y2: p.y, class: "whisker" })
      : null,
    p.chosen ? s("circle", { cx: p.x, cy: p.y, r: 10, class: "ring" }) : null,
    mark(p.shape, p.x, p.y, 5.5, { class: "mark" }),
    s("circle", { cx: p.x, cy: p.y, r: 12, class: "reach" }),
  );
};
const labelOf = (p, size, placer, wide) => {
  const name = p.r.recipe.length > 44 ? `${p.r.recipe.slice(0, 42)}…` : p.r.recipe;
  const full = p.chosen ? `${p.number} ${name} (recommended)` : `${p.number} ${name}`;
  const tries = p.chosen
    ? [
        [full, Infinity],
        [`${p.number} recommended`, Infinity],
      ]
    : p.member && wide
      ? [
          [full, 24],
          [String(p.number), Infinity],
        ]
      : [[String(p.number), Infinity]];
  for (const [text, most] of tries) {
    const spot = placer.place(p.x, p.y, textWidth(text, size, p.chosen), size + 2, most);
    if (!spot) continue;
    const { box, leader } = spot;
    return [
      leader ? s("line", { x1: leader[0], y1: leader[1], x2: leader[2], y2: leader[3], class: "leader" }) : null,
      s(
        "text",
        {
          x: (box[0] + box[2]) / 2,
          y: box[3] - 3.2,
          "aria-hidden": "true",
          class: `label middle${p.chosen ? " chosen" : p.member ? "" : " muted"}`,
        },
        text,
      ),
    ];
  }
  return [];
};
