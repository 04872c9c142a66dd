// Quality against parameters for one strategy of one family, with the predicted next rung as a band; and an interval closing in on the target.
const sizeFigure = (members, ahead, ends, target, looks, width) => {
  const [height, left, right, top, bottom] = [210, 46, width - 14, 12, 168];
  const sizes = [...members.map((m) => m.parameters), ...(ahead ? [ahead.parameters] : [])];
  const room = Math.max(1.3, (Math.max(...sizes) / Math.min(...sizes)) ** 0.15);
  const x = scaleOf(Math.min(...sizes) / room, Math.max(...sizes) * room, left, right, true);
  const y = scaleOf(...ends, bottom - 6, top);
  const parts = [
    ...shareAxis(y, left, right),
    s("text", { x: (left + right) / 2, y: height - 6, class: "axis middle" }, "parameters"),
  ];
  let last = -1e9;
  for (const value of [...new Set(sizes)].sort((a, b) => a - b)) {
    const half = textWidth(parameters(value), 11.5) / 2;
    const place = Math.min(x(value), right - half + 12);
    if (place - half <= last) continue;
    parts.push(s("text", { x: place, y: bottom + 17, class: "tick middle" }, parameters(value)));
    last = place + half + 3;
  }
  if (target) parts.push(s("line", { x1: left, x2: right, y1: y(target.value), y2: y(target.value), class: "target" }));
  const end = members[members.length - 1];
  if (ahead) {
    const [a, b] = [x(end.parameters), x(ahead.parameters)];
    const corners = [
      [a, y(end.quality)],
      [b, y(ahead.high)],
      [b, y(ahead.low)],
    ];
    const tip = `${ahead.next_model}, predicted\nquality ${share(ahead.quality)} (${share(ahead.low)} to ${share(ahead.high)})`;
    parts.push(
      s(
        "g",
        {
          class: `point ${looks.of(end).colour}`,
          "data-tip": tip,
          tabindex: "0",
          role: "img",
          "aria-label": tip.replaceAll("\n", ", "),
        },
        s("polygon", { points: corners.map((c) => c.map(round).join(",")).join(" "), class: "band" }),
        s("line", { x1: a, x2: b, y1: y(end.quality), y2: y(ahead.quality), class: "ahead" }),
        s("line", { x1: b, x2: b, y1: y(ahead.low), y2: y(ahead.high), class: "whisker" }),
        mark("circle", b, y(ahead.quality), 4.5, { class: "mark hollow" }),
      ),
    );
  }
  members.forEach((m, i) => {
    const before = members[i - 1];
    if (before)
      parts.push(
        s("line", {
          x1: x(before.parameters),
          y1: y(before.quality),
          x2: x(m.parameters),
          y2: y(m.quality),
          class: "curve",
        }),
      );
  });
  for (const m of members) {
    const look = looks.of(m);
    const tip = `${m.model}, ${parameters(m.parameters)} parameters\nquality ${share(m.quality)} (${share(m.low)} to ${share(m.high)})\n${m.right} of ${m.items} right`;
    parts.push(
      s(
        "g",
        {
          class: `point ${look.colour}`,
          "data-tip": tip,
          tabindex: "0",
          role: "img",
          "aria-label": tip.replaceAll("\n", ", "),
        },
        s("line", { x1: x(m.parameters), x2: x(m.parameters), y1: y(m.low), y2: y(m.high), class: "whisker" }),
        mark(look.shape, x(m.parameters), y(m.quality), 5, { class: "mark" }),
      ),
    );
  }
  return s(
    "svg",
    {
      class: "figure small",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "group",
      "aria-label": `Quality against parameters, ${members.length} models`,
    },
    parts,
  );
};

/** Families in order of size; of each, by strategy, the measured rungs, what is predicted, and the sentence that says so. */
const curvesOf = (result) => {
  const families = new Map();
  for (const r of result.recipes
    .filter((r) => r.quality !== null && !r.floor && r.parameters)
    .sort((a, b) => a.parameters - b.parameters)) {
    const by = families.get(r.family) ?? families.set(r.family, new Map()).get(r.family);
    by.set(r.strategy, [...(by.get(r.strategy) ?? []), r]);
  }
  return [...families].map(([family, by]) => ({
    family,
    curves: [...by].map(([strategy, members]) => {
      const said = result.prediction.find((p) => p.family === family && p.strategy === strategy);
      if (!said) return { strategy, members, ahead: null, said: "No prediction was made." };
      if (said.quality === null)
        return { strategy, members, ahead: null, said: `No prediction: ${said.why.replace(/\.$/, "")}.` };
      const ahead = { ...said, low: said.low ?? 0, high: said.high ?? 1 };
      return {
        strategy,
        members,
        ahead: ahead.parameters > 0 ? ahead : null,
        said: `Predicted for ${said.next_model}: ${share(said.quality)} (${share(ahead.low)} to ${share(ahead.high)}).`,
      };
    }),
  }));
};

const sizeSection = (study) => {
  const { result, target, looks } = study;
  const families = curvesOf(result);
  if (!families.length) return null;
  const seen = result.recipes
    .filter((r) => r.quality !== null && !r.floor && r.parameters)
    .flatMap((r) => [r.low, r.high]);
  return section(
    "size",
    "Quality against size",
    families.map(({ family, curves }) => {
      const sizes = (curve) => new Set(curve.members.map((m) => m.parameters)).size;
      const [drawn, single] = [curves.filter((c) => sizes(c) > 1), curves.filter((c) => sizes(c) < 2)];
      return [
        h("h3", {}, bdi(family)),
        drawn.length
          ? h(
              "div",
              { class: "multiples" },
              drawn.map((curve) => {
                const ends = shareEnds([...seen, ...(curve.ahead ? [curve.ahead.low, curve.ahead.high] : [])]);
                return h(
                  "figure",
                  {},
                  h("h4", {}, recipeName(curve.strategy)),
                  responsive((width) => sizeFigure(curve.members, curve.ahead, ends, target, looks, width)),
                  h("figcaption", {}, bdi(curve.said)),
                );
              }),
            )
          : null,
        single.length
          ? h(
              "p",
              {},
              "One rung was measured with ",
              single.map((c, i) => [i ? ", " : "", recipeName(c.strategy)]),
              ", so there is no curve. ",
              [...new Set(single.map((c) => c.said))].map((said) => [bdi(said), " "]),
            )
          : null,
      ];
    }),
  );
};

/** How an interval closed in on the target, item by item: `history` has [items, low, high]. */
const funnelFigure = (history, target, width) => {
  const [height, left, right, top, bottom] = [180, 46, width - 14, 10, 142];
  const x = scaleOf(0, Math.max(1, ...history.map(([n]) => n)), left, right);
  const y = scaleOf(0, 1, bottom, top);
  const edge = [[0, 0, 1], ...history];
  const outline = [...edge.map(([n, , high]) => [x(n), y(high)]), ...edge.map(([n, low]) => [x(n), y(low)]).reverse()];
  const last = history[history.length - 1] ?? [0, 0, 1];
  return s(
    "svg",
    {
      class: "figure small c0",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": `After ${last[0]} items the interval is ${share(last[1])} to ${share(last[2])}`,
    },
    shareAxis(y, left, right),
    s("polygon", { points: outline.map((c) => c.map(round).join(",")).join(" "), class: "band strong" }),
    target > 0 ? s("line", { x1: left, x2: right, y1: y(target), y2: y(target), class: "target" }) : null,
    s("text", { x: right, y: bottom + 17, class: "tick end" }, count(last[0])),
    s("text", { x: (left + right) / 2, y: height - 6, class: "axis middle" }, "items asked"),
  );
};
