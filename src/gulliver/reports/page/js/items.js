// Every item with what each recipe said of it.
const itemRow = (columns, asked, i, recipes) => {
  const letters = asked.map((place) => columns.outcomes[place][i]);
  const said = letters.filter((letter) => letter !== ".");
  const right = said.filter((letter) => letter === "r").length;
  return [
    h("span", { class: "row-head" }, h("span", { class: "item-id" }, bdi(columns.ids[i])),
      h("span", { class: "squares", role: "img", "aria-label": `${right} of ${said.length} recipes right` }, asked.map((place, at) =>
        h("i", { class: `o-${LETTERS[letters[at]].replace(" ", "-")}`, "data-tip": `${place + 1} ${recipes[place].recipe}: ${LETTERS[letters[at]]}` }))),
      h("span", { class: "score" }, `${right}/${said.length}`)),
    h("span", { class: "gist" }, bdi(columns.questions[i].slice(0, 200).replace(/\s+/g, " "))),
  ];
};

const drawsOf = (source, key, place, i) => {
  const box = h("div", {});
  const load = async (event) => {
    event.target.disabled = true;
    box.replaceChildren(h("p", { role: "status" }, "Reading the drafts from the store …"));
    try {
      const { drafts } = await source.draws(key, place, i);
      box.replaceChildren(h("p", { class: "small" }, `${many(drafts.length, "draft")} of this prompt in the store, in the order they were kept.`),
        h("ol", { class: "drafts" }, drafts.map((d, at) => h("li", {}, h("details", {}, h("summary", {}, `${at + 1} `, d.chosen ? h("b", {}, "the answer's text ") : null, bdi(d.text.slice(0, 90).replace(/\s+/g, " "))),
          block(d.text), h("p", { class: "small" }, `${many(d.tokens, "token")}, ended by ${d.finish}${d.logprob === null ? "" : `, ${significant(d.logprob)} nats a token`}`))))));
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
  return h("li", {}, h("details", {}, h("summary", {}, h("span", { class: `badge o-${outcome}` }, outcome), ` ${place + 1} `, recipeName(r.recipe), ": ", bdi((columns.values[place][i] || "–").slice(0, 160), "value")),
    program ? [h("h5", {}, "Program"), block(program)] : null, detail ? [h("h5", {}, program ? "What came of it" : "Detail"), block(detail)] : null,
    h("h5", {}, "What was written"), block(text || "(nothing, or not kept)"),
    several && source.draws ? drawsOf(source, key, place, i) : null));
};

const itemView = async (source, study, columns, i, recipes) => {
  const texts = study.result.run.keep_text ? await source.item(study.key, i) : {};
  const asked = recipes.filter((place) => columns.outcomes[place][i] !== ".");
  return [h("h2", { tabindex: "-1", class: "item-title" }, bdi(columns.ids[i])), h("h3", {}, "Question"), block(columns.questions[i] || "(not kept)"), h("h3", {}, "Right answer"), block(columns.targets[i] || "(not kept)"),
    h("h3", {}, "What each recipe said"), h("ul", { class: "said" }, asked.map((place) => answerOf(study.result.recipes[place], place, columns, i, texts, source, study.key)))];
};

/** The list and, beside it, the item that was opened. `base` are conditions that hold besides those chosen here. */
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
      detail.replaceChildren(h("button", { type: "button", class: "quiet back", on: { click: close } }, "← back to the list"), ...made);
      detail.scrollTop = 0;
      if (getComputedStyle(list.node).display === "none") detail.querySelector(".item-title").focus();
    } catch (error) { detail.replaceChildren(h("p", { role: "alert" }, error.message)); }
  };
  const close = () => { browser.classList.remove("opened"); state.item = ""; remember(); list.resize(found.length); list.node.focus(); };
  const list = windowedList("items", 58, (place) => itemRow(columns, look.asked, found[place], recipes), open);
  const filter = () => {
    found = look.find(state);
    told.textContent = `${many(found.length, "item")} of ${count(columns.ids.length)}`;
    list.resize(found.length);
    remember();
    if (state.words && !look.learnt() && study.result.run.keep_text) {
      const asked = state.words;
      source.texts(study.key).then((texts) => { look.learn(texts); if (look.learnt() && state.words === asked) filter(); }, () => {});
    }
  };
  browser.append(list.node, detail);
  detail.append(h("p", { class: "small" }, columns.ids.length ? "Choose an item to read what each recipe said." : "This study asked nothing."));
  return { nodes: [itemFilters(study, look, state, filter), told, browser], start: () => {
    filter();
    const place = found.findIndex((i) => columns.ids[i] === state.item);
    if (place >= 0) { list.move(place); open(place); }
  } };
};

const itemFilters = (study, look, state, filter) => {
  const options = look.asked.map((place) => [place, `${place + 1} ${study.result.recipes[place].recipe}`]);
  const rows = h("div", { class: "conditions" });
  const draw = () => rows.replaceChildren(...state.conditions.map((condition, at) => h("div", { class: "condition", role: "group", "aria-label": `condition ${at + 1}` },
    choice("outcome", TESTS, condition.test, (value) => { condition.test = value; filter(); }), choice("with recipe", options, condition.place, (value) => { condition.place = Number(value); filter(); }),
    h("button", { type: "button", class: "quiet", "aria-label": `remove condition ${at + 1}`, on: { click: () => { state.conditions.splice(at, 1); draw(); filter(); } } }, "✕"))));
  const add = () => {
    const place = look.asked.find((p) => !state.conditions.some((c) => c.place === p)) ?? look.asked[0];
    state.conditions.push({ test: state.conditions.length ? "n" : "r", place });
    draw();
    filter();
  };
  draw();
  return h("form", { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } },
    h("label", { class: "field wide" }, h("span", {}, "find in questions and answers"), h("input", { type: "search", value: state.words, on: { input: (event) => { state.words = event.target.value; filter(); } } })),
    choice("order", [["", "as asked"], ["differ", "most disagreement first"]], state.sort, (value) => { state.sort = value; filter(); }),
    h("label", { class: "field check" }, h("input", { type: "checkbox", checked: state.differ, on: { change: (event) => { state.differ = event.target.checked; filter(); } } }), h("span", {}, "only where recipes differ")),
    look.asked.length ? h("button", { type: "button", on: { click: add } }, "Add a condition") : null, rows);
};

const itemsPage = async (source, study, query) => {
  const columns = await source.columns(study.key);
  const state = { words: query.get("find") ?? "", conditions: readConditions(query.get("where")), differ: query.get("differ") === "1", sort: query.get("order") ?? "", item: query.get("item") ?? "" };
  const remember = () => replaceQuery({ find: state.words, where: writeConditions(state.conditions), differ: state.differ ? "1" : "", order: state.sort, item: state.item });
  const made = itemsBrowser(source, study, columns, state, remember);
  return { title: `Items of ${study.result.run.study}`, nodes: [h("h1", { tabindex: "-1" }, "Items of ", bdi(study.result.run.study)),
    study.result.run.keep_text ? null : h("p", {}, "This study kept no texts: there are outcomes and costs, and no questions or answers."),
    keyed(OUTCOMES.map((o) => [o, `o-${o}`])), ...made.nodes], start: made.start };
};
