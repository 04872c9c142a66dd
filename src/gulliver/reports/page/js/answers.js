// One item: what was asked, and what each recipe wrote, ran and meant.
const drawsOf = (source, key, place, i) => {
  const box = h("div", {});
  const load = async (event) => {
    event.target.disabled = true;
    box.replaceChildren(h("p", { role: "status" }, "Reading the drafts from the store …"));
    try {
      const { drafts } = await source.draws(key, place, i);
      box.replaceChildren(
        h(
          "p",
          { class: "small" },
          `${many(drafts.length, "draft")} of this prompt in the store, in the order they were kept.`,
        ),
        h(
          "ol",
          { class: "drafts" },
          drafts.map((d, at) =>
            h(
              "li",
              {},
              h(
                "details",
                {},
                h(
                  "summary",
                  {},
                  `${at + 1} `,
                  d.chosen ? h("b", {}, "the answer's text ") : null,
                  bdi(d.text.slice(0, 90).replace(/\s+/g, " ")),
                ),
                block(d.text),
                h(
                  "p",
                  { class: "small" },
                  `${many(d.tokens, "token")}, ended by ${d.finish}${d.logprob === null ? "" : `, ${significant(d.logprob)} nats a token`}`,
                ),
              ),
            ),
          ),
        ),
      );
    } catch (error) {
      box.replaceChildren(h("p", { role: "status" }, error.message));
    }
  };
  return h("div", {}, h("button", { type: "button", class: "quiet", on: { click: load } }, "Show every draft"), box);
};

const answerOf = (r, place, columns, i, texts, source, key) => {
  const outcome = LETTERS[columns.outcomes[place][i]];
  const [text, program, detail] = texts[place] ?? ["", "", ""];
  const several = /\bn=\d+|self_consistency|majority|best_of|weighted|sample/.test(r.strategy);
  return h(
    "li",
    {},
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: `badge o-${outcome}` }, outcome),
        ` ${place + 1} `,
        recipeName(r.recipe),
        ": ",
        bdi((columns.values[place][i] || "–").slice(0, 160), "value"),
      ),
      program ? [h("h5", {}, "Program"), block(program)] : null,
      detail ? [h("h5", {}, program ? "What came of it" : "Detail"), block(detail)] : null,
      h("h5", {}, "What was written"),
      block(text || "(nothing, or not kept)"),
      several && source.draws ? drawsOf(source, key, place, i) : null,
    ),
  );
};

const itemView = async (source, study, columns, i, recipes) => {
  const texts = study.result.run.keep_text ? await source.item(study.key, i) : {};
  const asked = recipes.filter((place) => columns.outcomes[place][i] !== ".");
  return [
    h("h2", { tabindex: "-1", class: "item-title" }, bdi(columns.ids[i])),
    h("h3", {}, "Question"),
    block(columns.questions[i] || "(not kept)"),
    h("h3", {}, "Right answer"),
    block(columns.targets[i] || "(not kept)"),
    h("h3", {}, "What each recipe said"),
    h(
      "ul",
      { class: "said" },
      asked.map((place) => answerOf(study.result.recipes[place], place, columns, i, texts, source, study.key)),
    ),
  ];
};
