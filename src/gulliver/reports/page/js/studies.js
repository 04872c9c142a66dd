// All studies, the newest first; what runs now stands on top.
const studyRow = (one) =>
  h(
    "li",
    { class: `study ${KINDS[one.kind] ?? "open"}` },
    h(
      "a",
      { href: address("study", one.key) },
      h("span", { class: "study-name" }, bdi(one.study || one.key)),
      h("span", { class: "study-said" }, bdi(one.error || one.sentence)),
    ),
    one.error
      ? null
      : h("p", { class: "small" }, [
          bdi(one.task),
          ` · target ${one.target} · ${many(one.recipes, "recipe")} on ${one.models.join(", ") || "no model"} · ${many(one.items, "answer")} · ${flops(one.flops)} in all its answers · last start: ${many(one.asked, "request")} asked, ${duration(one.seconds)}`,
          one.money === null ? "" : `, money ${money(one.money)}`,
          ` · ${moment(one.started)}`,
        ]),
  );

const studiesPage = async (source) => {
  const studies = await source.studies();
  const state = { text: "" };
  const list = h("ul", { class: "studies" });
  const said = h("p", { class: "small", role: "status" });
  const draw = () => {
    const words = wordsOf(state.text);
    const shown = studies.filter((one) => words.every((word) => JSON.stringify(one).toLowerCase().includes(word)));
    list.replaceChildren(...shown.map(studyRow));
    said.textContent =
      shown.length === studies.length
        ? many(studies.length, "finished study", "finished studies")
        : `${shown.length} of ${studies.length}`;
  };
  draw();
  const running = liveList();
  return {
    title: "Studies",
    nodes: [
      h("h1", { tabindex: "-1" }, "Studies"),
      running.node,
      studies.length
        ? h(
            "div",
            { class: "filters" },
            searching(
              "find",
              (text) => {
                state.text = text;
                draw();
              },
              { kind: "field wide" },
            ),
          )
        : h("p", {}, "No study was finished yet; start one with: gulliver find STUDY.toml"),
      said,
      list,
    ],
    stop: running.stop,
  };
};
