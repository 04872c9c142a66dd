// Every item with what each recipe said of it.
const itemRow = (columns, asked, i, recipes) => {
  const letters = asked.map((place) => columns.outcomes[place][i]);
  const said = letters.filter((letter) => letter !== ".");
  const right = said.filter((letter) => letter === "r").length;
  return [
    h(
      "span",
      { class: "row-head" },
      h("span", { class: "item-id" }, bdi(columns.ids[i])),
      h(
        "span",
        { class: "squares", role: "img", "aria-label": `${right} of ${said.length} recipes right` },
        asked.map((place, at) =>
          h("i", {
            class: `o-${LETTERS[letters[at]].replace(" ", "-")}`,
            "data-tip": `${place + 1} ${recipes[place].recipe}: ${LETTERS[letters[at]]}`,
          }),
        ),
      ),
      h("span", { class: "score" }, `${right}/${said.length}`),
    ),
    h("span", { class: "gist" }, bdi(columns.questions[i].slice(0, 200).replace(/\s+/g, " "))),
  ];
};

/** The list and, beside it, the item that was opened. */
const itemsBrowser = (source, study, columns, state, remember) => {
  const recipes = study.result.recipes;
  const look = finder(columns);
  let found = [];
  const told = h("p", { class: "small", role: "status" });
  const detail = h("article", { class: "detail", "aria-label": "the item", "aria-live": "off" });
  const browser = h("div", { class: "browser" });
  const open = async (place) => {
    const i = found[place];
    state.item = columns.ids[i];
    remember();
    browser.classList.add("opened");
    try {
      const made = await itemView(source, study, columns, i, look.asked);
      detail.replaceChildren(
        h("button", { type: "button", class: "quiet back", on: { click: close } }, "← back to the list"),
        ...made,
      );
      detail.scrollTop = 0;
      if (getComputedStyle(list.node).display === "none") {
        browser.scrollIntoView();
        detail.querySelector(".item-title").focus({ preventScroll: true });
      }
    } catch (error) {
      detail.replaceChildren(h("p", { role: "alert" }, error.message));
    }
  };
  const close = () => {
    browser.classList.remove("opened");
    state.item = "";
    remember();
    list.resize(found.length);
    list.node.focus();
  };
  const list = windowedList("items", 58, (place) => itemRow(columns, look.asked, found[place], recipes), open);
  const filter = () => {
    found = look.find(state);
    told.textContent = `${many(found.length, "item")} of ${count(columns.ids.length)}`;
    list.resize(found.length);
    remember();
    if (state.words && !look.learnt() && study.result.run.keep_text) {
      const asked = state.words;
      source.texts(study.key).then(
        (texts) => {
          look.learn(texts);
          if (look.learnt() && state.words === asked) filter();
        },
        () => {},
      );
    }
  };
  browser.append(list.node, detail);
  detail.append(
    h(
      "p",
      { class: "small" },
      columns.ids.length ? "Choose an item to read what each recipe said." : "This study asked nothing.",
    ),
  );
  return {
    nodes: [itemFilters(study, look, state, filter), told, browser],
    start: () => {
      filter();
      const place = found.findIndex((i) => columns.ids[i] === state.item);
      if (place >= 0) {
        list.move(place);
        open(place);
      }
    },
  };
};

const itemsPage = async (source, study, query) => {
  const columns = await source.columns(study.key);
  const state = {
    words: query.get("find") ?? "",
    conditions: readConditions(query.get("where")),
    differ: query.get("differ") === "1",
    sort: query.get("order") ?? "",
    item: query.get("item") ?? "",
  };
  const remember = () =>
    replaceQuery({
      find: state.words,
      where: writeConditions(state.conditions),
      differ: state.differ ? "1" : "",
      order: state.sort,
      item: state.item,
    });
  const made = itemsBrowser(source, study, columns, state, remember);
  return {
    title: `Items of ${study.result.run.study}`,
    nodes: [
      h("h1", { tabindex: "-1" }, "Items of ", bdi(study.result.run.study)),
      study.result.run.keep_text
        ? null
        : h("p", {}, "This study kept no texts: there are outcomes and costs, and no questions or answers."),
      keyed(OUTCOMES.map((o) => [o, `o-${o}`])),
      ...made.nodes,
    ],
    start: made.start,
  };
};
