// The form by which items are found.
const itemFilters = (study, look, state, filter) => {
  const options = look.asked.map((place) => [place, `${place + 1} ${study.result.recipes[place].recipe}`]);
  const rows = h("div", { class: "conditions" });
  const draw = () =>
    rows.replaceChildren(
      ...state.conditions.map((condition, at) =>
        h(
          "div",
          { class: "condition", role: "group", "aria-label": `condition ${at + 1}` },
          choice("outcome", TESTS, condition.test, (value) => {
            condition.test = value;
            filter();
          }),
          choice("with recipe", options, condition.place, (value) => {
            condition.place = Number(value);
            filter();
          }),
          h(
            "button",
            {
              type: "button",
              class: "quiet",
              "aria-label": `remove condition ${at + 1}`,
              on: {
                click: () => {
                  state.conditions.splice(at, 1);
                  draw();
                  filter();
                },
              },
            },
            "✕",
          ),
        ),
      ),
    );
  const add = () => {
    const place = look.asked.find((p) => !state.conditions.some((c) => c.place === p)) ?? look.asked[0];
    state.conditions.push({ test: state.conditions.length ? "n" : "r", place });
    draw();
    filter();
  };
  draw();
  return h(
    "form",
    { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } },
    searching(
      "find in questions and answers",
      (text) => {
        state.words = text;
        filter();
      },
      { kind: "field wide", value: state.words },
    ),
    choice(
      "order",
      [
        ["", "as asked"],
        ["differ", "most disagreement first"],
      ],
      state.sort,
      (value) => {
        state.sort = value;
        filter();
      },
    ),
    h(
      "label",
      { class: "field check" },
      h("input", {
        type: "checkbox",
        checked: state.differ,
        on: {
          change: (event) => {
            state.differ = event.target.checked;
            filter();
          },
        },
      }),
      h("span", {}, "only where recipes differ"),
    ),
    look.asked.length ? h("button", { type: "button", on: { click: add } }, "Add a condition") : null,
    rows,
  );
};
