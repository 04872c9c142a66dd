// Where the cost of a study went, what its last start paid, and how a forecast of it came out.
const PARTS = [
  ["prompts", "prompt", "p-prompt"],
  ["drafts", "written", "p-written"],
  ["judging", "judging", "p-judging"],
  ["tuning", "tuning", "p-tuning"],
  ["discarded", "discarded", "p-discarded"],
];
const costSection = (study) => {
  const { result, parts } = study;
  const spent = result.spent;
  const priced = spent.money_now !== null && spent.money_batch !== null;
  const rows = result.recipes.map((r, i) => [r, parts[i]]).filter(([, p]) => PARTS.some(([, key]) => p[key] > 0));
  const requests = spent.asked + spent.replayed;
  return section(
    "costs",
    "Where the cost went",
    rows.length
      ? [
          keyed(PARTS.map(([name, , look]) => [name, look])),
          stacks(
            rows.map(([r, p]) => [
              recipeName(r.recipe),
              stackBar(
                PARTS.map(([name, key, look]) => [name, p[key], look]),
                flops,
              ),
              flops(PARTS.reduce((sum, [, key]) => sum + p[key], 0)),
            ]),
          ),
          h(
            "p",
            { class: "small" },
            "Discarded: answers that could not be used. Prompts and drafts share the rest; what was written counts two FLOPs a parameter and token, reading the remainder. Tuning is what it took to make the model, once. Sharing prompts and draws saved ",
            flops(Math.max(0, study.naive - study.computed)),
            ` of ${flops(study.naive)}.`,
          ),
        ]
      : null,
    h("h3", {}, "What the last start of this run paid"),
    cards([
      ["asked of models", count(spent.asked), "requests"],
      ["replayed from the store", count(spent.replayed), "requests"],
      ["tokens read", count(spent.prompt_tokens)],
      ["tokens written", count(spent.completion_tokens)],
      ["computed", flops(spent.flops)],
      ["engines busy", duration(spent.seconds)],
      ["energy", spent.joules === null ? UNKNOWN : scaled(spent.joules, "J")],
      priced
        ? ["money, asked at once", money(spent.money_now), result.run.batch ? "" : "counted"]
        : ["money", spent.money === null ? UNKNOWN : money(spent.money)],
      priced ? ["money, as a batch within a day", money(spent.money_batch), result.run.batch ? "counted" : ""] : null,
    ]),
    requests
      ? stackBar(
          [
            ["asked", spent.asked, "asked"],
            ["replayed", spent.replayed, "replayed"],
          ],
          count,
          "tall",
        )
      : null,
    h("p", { class: "small" }, "These count only what was really paid; what came from the store was paid for before."),
    forecastPart(study.forecast),
  );
};
const forecastPart = (check) =>
  check
    ? [
        h("h3", {}, "Forecast and spent"),
        scroller(
          "forecast and spent",
          h(
            "table",
            {},
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                ["quantity", "forecast", `${percent(check.confidence)} interval`, "spent", "held"].map((t) =>
                  h("th", { scope: "col" }, t),
                ),
              ),
            ),
            h(
              "tbody",
              {},
              check.rows.map(([title, likely, span, spent, held]) =>
                h(
                  "tr",
                  {},
                  h("th", { scope: "row" }, title),
                  [likely, span, spent, held === null ? "–" : held ? "yes" : "no"].map((t) => h("td", {}, t)),
                ),
              ),
            ),
          ),
        ),
        h(
          "p",
          { class: "small" },
          `Forecast ${moment(check.made)} by a dry run; spent is what was paid since, in however many starts of this run. ${check.said}`,
        ),
      ]
    : null;
