// Two recipes on the same items, of one study or of two: who was right where, whether that is chance, what each costs.
const comparisonView = (c) => {
  const sure = `${significant(100 * c.confidence)} %`;
  const zero = c.low <= 0 && c.high >= 0;
  const verdict = zero ? "The two cannot be told apart." : `${c.difference > 0 ? "A" : "B"} is better.`;
  const cells = [
    ["both right", c.both, "k-both"],
    ["only A", c.first_only, "k-a"],
    ["only B", c.second_only, "k-b"],
    ["neither", c.neither, "k-none"],
  ];
  const ratio = (name, r) =>
    r
      ? [name, `${significant(r.value)} ×`, r.low === null ? "" : `${significant(r.low)} to ${significant(r.high)}`]
      : null;
  return [
    h("p", { class: `answer small-answer ${zero ? "open" : "yes"}` }, verdict),
    h(
      "p",
      {},
      `A less B: ${signed(c.difference)} on ${many(c.items, "item")}; ${sure} interval ${signed(c.low)} to ${signed(c.high)}, which ${c.anytime ? "holds however the race stopped" : "holds for this number of items"}.`,
    ),
    h(
      "figure",
      { class: "difference" },
      intervalBar(c.difference, c.low, c.high, {
        from: -1,
        to: 1,
        target: 0,
        width: 460,
        said: `difference ${signed(c.difference)}, interval ${signed(c.low)} to ${signed(c.high)}`,
      }),
      h("figcaption", { class: "ends" }, h("span", {}, "B better"), h("span", {}, "0"), h("span", {}, "A better")),
    ),
    stackBar(cells, count, "tall"),
    keyed(cells.map(([name, number, look]) => [`${name} ${count(number)}`, look])),
    cards([
      ["A costs, in FLOPs, against B", ...(ratio("", c.flops) ?? ["", UNKNOWN]).slice(1)],
      ["in seconds", ...(ratio("", c.seconds) ?? ["", UNKNOWN]).slice(1)],
      [
        "McNemar's exact test",
        `p = ${c.p_value < 1e-4 ? c.p_value.toExponential(1) : significant(c.p_value)}`,
        c.anytime ? "a race chose the number of items" : "",
      ],
    ]),
  ];
};

const sidePicker = (label, source, studies, side, change) => {
  const picks = h("div", { class: "side", role: "group", "aria-label": label }, h("h2", {}, label));
  const draw = async () => {
    const study = await source.study(side.key);
    const recipes = study.result.recipes.map((r, i) => [i, `${i + 1} ${r.recipe}`, r]).filter(([, , r]) => r.items);
    if (!recipes.some(([i]) => i === side.place)) side.place = recipes[0]?.[0] ?? 0;
    const other =
      studies.length > 1
        ? [
            choice(
              "study",
              studies.map((one) => [one.key, one.key]),
              side.key,
              async (value) => {
                side.key = value;
                side.place = -1;
                await draw();
                change();
              },
            ),
          ]
        : [];
    picks.replaceChildren(
      h("h2", {}, label),
      ...other,
      choice("recipe", recipes, side.place, (value) => {
        side.place = Number(value);
        change();
      }),
    );
  };
  return { picks, draw };
};

const flipList = async (source, first, second, done) => {
  if (first.key !== second.key) {
    return (done.flips ?? []).map((flip) =>
      h(
        "details",
        { class: "flip" },
        h(
          "summary",
          {},
          h("span", { class: "badge" }, flip.first.outcome === "right" ? "only A" : "only B"),
          " ",
          bdi(flip.item, "item-id"),
          " ",
          bdi(flip.first.question.slice(0, 120)),
        ),
        h("h5", {}, "Question"),
        block(flip.first.question),
        h("h5", {}, "A wrote"),
        block(flip.first.text || "–"),
        h("h5", {}, "B wrote"),
        block(flip.second.text || "–"),
      ),
    );
  }
  const links = [
    ["right with A, not with B", `r${first.place},n${second.place}`, done.first_only],
    ["right with B, not with A", `r${second.place},n${first.place}`, done.second_only],
  ];
  return [
    h(
      "ul",
      {},
      links.map(([name, where, number]) =>
        h(
          "li",
          {},
          number
            ? h("a", { href: address("items", first.key, { where }) }, `${many(number, "item")} ${name}`)
            : `no item ${name}`,
        ),
      ),
    ),
  ];
};

const comparePage = async (source, key, query) => {
  const studies = source.live ? (await source.studies()).filter((one) => one.finished && !one.error) : [];
  const start = (name, other) => {
    const [of, place] = [query.get(name), Number(query.get(`${name}n`) ?? -1)];
    return { key: of || key, place: of || query.has(`${name}n`) ? place : other };
  };
  const study = await source.study(key);
  const asked = study.result.recipes.map((r, i) => [r, i]).filter(([r]) => r.items);
  const chosen = study.result.recipes.findIndex((r) => r.recipe === study.result.answer.recipe);
  const best =
    chosen >= 0 ? chosen : asked.length ? asked.reduce((a, b) => (b[0].quality > a[0].quality ? b : a))[1] : 0;
  const [first, second] = [
    start("a", best),
    start(
      "b",
      asked
        .map(([, i]) => i)
        .reverse()
        .find((i) => i !== best) ?? best,
    ),
  ];
  const out = h("div", { "aria-live": "polite" });
  let turn = 0;
  const change = async () => {
    const now = (turn += 1);
    replaceQuery({
      a: source.live ? first.key : "",
      an: first.place,
      b: source.live ? second.key : "",
      bn: second.place,
    });
    try {
      if (first.key === second.key && first.place === second.place) throw new Error("Choose two different recipes.");
      const done = await source.compare(first, second);
      const flips = await flipList(source, first, second, done);
      if (now === turn)
        out.replaceChildren(
          ...comparisonView(done),
          section("flips", `${many(done.first_only + done.second_only, "item flips", "items flip")}`, flips),
        );
    } catch (error) {
      if (now === turn) out.replaceChildren(h("p", { role: "status" }, error.message));
    }
  };
  const sides = [sidePicker("A", source, studies, first, change), sidePicker("B", source, studies, second, change)];
  await Promise.all(sides.map((side) => side.draw()));
  return {
    title: "Compare",
    nodes: [
      h("h1", { tabindex: "-1" }, "Compare two recipes"),
      h("p", { class: "small" }, "Only items that both were asked count."),
      h(
        "div",
        { class: "sides" },
        sides.map((side) => side.picks),
      ),
      out,
    ],
    start: change,
  };
};
