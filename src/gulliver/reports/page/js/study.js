// One study: the answer in a sentence, the figures, the table, what it cost and what it was run on.
const KINDS = { meets: "yes", none: "no" };

const headOf = (study) => {
  const { result } = study;
  const { run, answer } = result;
  const pool = run.about === "pool" && run.pool !== null;
  return [
    h("p", { class: "eyebrow" }, bdi(run.study), " · ", bdi(run.task)),
    h("h1", { class: `answer ${KINDS[answer.kind] ?? "open"}`, tabindex: "-1" }, bdi(answer.sentence)),
    h(
      "p",
      { class: "about" },
      "Target ",
      bdi(run.target_text),
      `, cheapest by ${run.cheap === "flops" ? "FLOPs" : run.cheap}, confidence ${significant(100 * answer.confidence)} %. `,
      pool
        ? `The answer is about these ${count(run.pool)} items, drawn without replacement. `
        : "The answer is about the population that the items are a sample of. ",
      bdi(run.power),
    ),
    result.warnings.length
      ? h(
          "aside",
          { class: "warn", "aria-label": "warnings" },
          h("h2", {}, "Warnings"),
          h(
            "ul",
            {},
            result.warnings.map((w) => h("li", {}, bdi(w))),
          ),
        )
      : null,
  ];
};

const frontierSection = (study) => {
  const { result } = study;
  if (!result.recipes.some((r) => r.quality !== null))
    return section(
      "frontier",
      "Quality against cost",
      h("p", {}, "Nothing was measured, so there is nothing to draw."),
    );
  let key = study.axes.includes(result.run.cheap) ? result.run.cheap : study.axes[0];
  const figure = h("div", {});
  const note = h("figcaption", {});
  const draw = () => {
    figure.replaceChildren(responsive((width) => frontierFigure(study, key, width, goToRecipe)));
    note.textContent = `${
      key === result.run.cheap
        ? "Filled points are on the frontier with a probability of at least one half."
        : `Filled points are those that no other recipe beats on both measured means; the study's own frontier is by ${result.run.cheap}.`
    } Bars are intervals of quality${
      key === "flops" || key === "seconds" ? " and of mean cost" : ""
    }. Numbers are rows of the table below; the ring is the recommendation.`;
  };
  const axes = h(
    "fieldset",
    { class: "axes" },
    h("legend", {}, "cost as"),
    study.axes.map((name) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: "axis",
          value: name,
          checked: name === key,
          on: {
            change: () => {
              key = name;
              draw();
            },
          },
        }),
        h("span", {}, AXES[name].tab),
      ),
    ),
  );
  draw();
  return section(
    "frontier",
    "Quality against cost",
    axes,
    h("figure", { class: "frontier" }, figure, note),
    study.looks.legend(),
  );
};

const outcomeSection = (study) =>
  section(
    "shares",
    "What became of the answers",
    keyed(OUTCOMES.map((o) => [o, `o-${o}`])),
    stacks(
      study.result.recipes
        .filter((r) => r.items)
        .map((r) => [
          recipeName(r.recipe),
          stackBar(outcomeParts(r), count),
          useless(r) ? `${percent(useless(r) / r.items)} unusable` : "all readable",
        ]),
    ),
    h(
      "p",
      { class: "small" },
      "Unreadable: no answer could be extracted. Truncated: cut by the length limit before one. Unsupported: the sandbox cannot run the program. Failed: the request or the judge failed. None of these counts as right.",
    ),
  );

const modelCard = (model) => {
  const labels = [
    ["format"],
    ["digest"],
    ["engine"],
    ["engine_version", "engine's version"],
    ["parameters"],
    ["architecture"],
    ["context_length", "context length"],
    ["source"],
    ["license", "licence"],
  ];
  const told = (key) =>
    key === "parameters" && model[key] ? `${parameters(model[key])} (${count(model[key])})` : model[key] || "";
  const settings = Object.entries(model.settings ?? {})
    .map(([key, value]) => `${key} = ${value}`)
    .join(", ");
  return h(
    "article",
    {},
    h("h3", {}, bdi(model.name)),
    model.note ? h("p", { class: "model-note" }, bdi(model.note)) : null,
    facts([...labels.map(([key, name]) => [name ?? key, told(key)]), ["settings", settings]]),
  );
};
const runSection = ({ result: { run } }) =>
  section(
    "run",
    "What was run on what",
    run.task_public
      ? h(
          "aside",
          { class: "warn", "aria-label": "contamination" },
          h("h3", {}, "A public set"),
          h(
            "p",
            {},
            "The items of ",
            bdi(run.task),
            " are public, so that any of these models may have been trained on them. Qualities here can be higher than on items that no model has seen; check the recommendation on items of your own before you rely on it.",
          ),
        )
      : null,
    facts([
      ["run", run.id],
      ["study", run.study],
      ["task", run.task],
      ["task's digest", run.task_digest],
      ["task's source", run.task_source],
      ["note on the task", run.task_note],
      ["about", run.about],
      ["seed", run.seed],
      ["started", run.started],
      ["Gulliver", run.gulliver],
      ["Python", run.python],
      ["machine", run.machine],
      ["folder", run.folder],
    ]),
    h("div", { class: "models" }, run.models.map(modelCard)),
  );

const studyPage = (study) => ({
  title: `${study.result.run.study}: how small can the model be?`,
  nodes: [
    ...headOf(study),
    frontierSection(study),
    section(
      "recipes",
      "Recipes",
      recipeTable(study),
      h(
        "p",
        { class: "small" },
        "Costs are means per item. FLOPs naive: as if nothing were shared; computed: as really done. Intervals of quality hold at every moment of the race. Unusable is the share of answers that were unreadable, truncated, unsupported or failed.",
      ),
    ),
    outcomeSection(study),
    sizeSection(study),
    costSection(study),
    runSection(study),
  ],
});
