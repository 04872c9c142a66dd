// A table that sorts by any heading and shows only rows that fit a text and a choice.
/** `columns` are {title, kind, value(row), cell(row)}; the first that `head` marks names the row. */
const sortableTable = (label, columns, rows, { rowClass = () => "", rowId = () => null } = {}) => {
  const made = rows.map((row) =>
    h(
      "tr",
      { class: rowClass(row), id: rowId(row) },
      columns.map((c) =>
        c.head ? h("th", { scope: "row" }, c.cell(row)) : h("td", { class: c.look ?? null }, c.cell(row)),
      ),
    ),
  );
  const order = rows.map((_, i) => i);
  const body = h("tbody", {}, made);
  let sorted = null;
  const sort = (column, head) => {
    const down = sorted?.column === column && !sorted.down;
    sorted = { column, down };
    order.sort((a, b) => {
      const [p, q] = [column.value(rows[a]), column.value(rows[b])];
      const [lacks, other] = [p === null || p === undefined || p === "", q === null || q === undefined || q === ""];
      if (lacks || other) return lacks - other || a - b;
      const by = typeof p === "number" ? p - q : String(p).localeCompare(String(q));
      return (down ? -by : by) || a - b;
    });
    for (const cell of head.parentNode.cells) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...order.map((i) => made[i]));
  };
  const heads = columns.map((c) => {
    const head = h(
      "th",
      { scope: "col", class: c.look ?? null },
      h("button", { type: "button", on: { click: () => sort(c, head) } }, c.title),
    );
    return head;
  });
  const node = scroller(
    label,
    h(
      "table",
      { class: "sortable" },
      h("caption", { class: "hidden" }, label),
      h("thead", {}, h("tr", {}, heads)),
      body,
    ),
  );
  const show = (fits) => {
    let shown = 0;
    rows.forEach((row, i) => {
      made[i].hidden = !fits(row);
      shown += made[i].hidden ? 0 : 1;
    });
    return shown;
  };
  return { node, show };
};

const VERDICTS = ["meets", "rejected", "undecided", "not run"];
const verdictMark = (verdict) => h("span", { class: `verdict ${verdict.replace(" ", "-")}` }, verdict);

const recipeTable = (study) => {
  const { result, target, looks } = study;
  const rows = result.recipes.map((r, i) => ({ r, number: i + 1, ran: r.quality !== null }));
  const counted = (title, key) => ({
    title,
    value: ({ r, ran }) => (ran ? r[key] : null),
    cell: ({ r, ran }) => (ran ? count(r[key]) : "–"),
  });
  const costed = (title, key, show) => ({
    title,
    look: "nowrap",
    value: ({ r, ran }) => (ran ? r[key] : null),
    cell: ({ r, ran }) => (ran ? show(r[key]) : "–"),
  });
  const columns = [
    { title: "#", look: "nowrap", value: (row) => row.number, cell: (row) => String(row.number) },
    {
      title: "recipe",
      head: true,
      look: "words",
      value: ({ r }) => r.recipe,
      cell: ({ r }) => {
        const look = looks.of(r);
        return [swatch(look.shape, look.colour), recipeName(r.recipe)];
      },
    },
    {
      title: "verdict",
      look: "words nowrap",
      value: ({ r }) => VERDICTS.indexOf(r.verdict),
      cell: ({ r }) => verdictMark(r.verdict),
    },
    {
      title: "quality",
      look: "words",
      value: ({ r }) => r.quality,
      cell: ({ r, ran }) =>
        ran
          ? [
              intervalBar(r.quality, r.low, r.high, { target: target?.value ?? null }),
              h("span", { class: "nowrap" }, `${share(r.quality)} [${share(r.low)}, ${share(r.high)}]`),
            ]
          : "–",
    },
    counted("items", "items"),
    {
      title: "unusable",
      value: ({ r, ran }) => (ran ? useless(r) / Math.max(1, r.items) : null),
      cell: ({ r, ran }) =>
        ran
          ? h(
              "span",
              {
                "data-tip": `${r.unreadable} unreadable, ${r.truncated} truncated, ${r.unsupported} unsupported, ${r.failed} failed`,
              },
              percent(useless(r) / Math.max(1, r.items)),
            )
          : "–",
    },
    costed("FLOPs naive", "flops_naive", flops),
    costed("FLOPs computed", "flops_computed", flops),
    costed("seconds", "seconds", duration),
    costed("memory", "peak_memory", memory),
    ...(study.axes.includes("money") ? [costed("money", "money", (v) => (v === null ? UNKNOWN : money(v)))] : []),
    costed("tokens written", "tokens", significant),
    { title: "P(frontier)", value: ({ r }) => r.on_frontier, cell: ({ r }) => share(r.on_frontier) },
    {
      title: "note",
      look: "words note",
      value: ({ r }) => r.note,
      cell: ({ r }) => [bdi(r.note), r.needed ? ` About ${count(r.needed)} more items would settle it.` : ""],
    },
  ];
  const table = sortableTable("recipes", columns, rows, {
    rowClass: ({ r }) => (r.recipe === result.answer.recipe ? "chosen" : ""),
    rowId: (row) => `recipe-${row.number}`,
  });
  const state = { text: "", verdict: "" };
  const said = h("span", { class: "small", role: "status" });
  const filter = () => {
    const words = wordsOf(state.text);
    const shown = table.show(
      ({ r }) =>
        (!state.verdict || r.verdict === state.verdict) &&
        words.every((word) => `${r.recipe} ${r.note}`.toLowerCase().includes(word)),
    );
    said.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} recipes`;
  };
  return h(
    "div",
    {},
    h(
      "div",
      { class: "filters" },
      searching(
        "find",
        (text) => {
          state.text = text;
          filter();
        },
        { placeholder: "model, strategy, note" },
      ),
      choice("verdict", [["", "any"], ...VERDICTS.map((v) => [v, v])], "", (value) => {
        state.verdict = value;
        filter();
      }),
      said,
    ),
    table.node,
  );
};
const useless = (r) => r.unreadable + r.truncated + r.unsupported + r.failed;
/** Bring a recipe's row into view, as its point asks for. */
const goToRecipe = (number) => {
  const row = document.getElementById(`recipe-${number}`);
  if (!row) return;
  row.hidden = false;
  row.scrollIntoView({ block: "center" });
  row.classList.add("flash");
  setTimeout(() => row.classList.remove("flash"), 1600);
};
