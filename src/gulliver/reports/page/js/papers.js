// The executable bibliography: claims by room, what was published and what came out here.
const FINDINGS = ["holds", "does not hold here", "cannot tell", "not run here", "not built"];
const SIGNS = { holds: "✓", "does not hold here": "✕", "cannot tell": "?", "not run here": "·", "not built": "·" };
const verdictOf = (row) => row.findings[0]?.verdict ?? (row.status === "planned" ? "not built" : "not run here");

const measuredFigure = (m) => {
  const known = Number.isFinite(m.value) && Number.isFinite(m.low) && Number.isFinite(m.high);
  if (!known) return "–";
  const [low, high] = [Math.min(0, m.low), Math.max(m.low >= 0 && m.high <= 1 ? 1 : m.high, 1e-12)];
  return intervalBar(m.value, m.low, m.high, { from: low, to: high, width: 160, target: low < 0 ? 0 : null });
};
const findingView = (finding) => [
  h("h4", {}, `At scale ${finding.scale}: ${finding.verdict}`),
  h("p", {}, bdi(finding.sentence)),
  scroller(
    `measured at ${finding.scale}`,
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["measured here", "", "value", "interval", "items", "note"].map((t, i) =>
            h(
              "th",
              { scope: "col", class: i === 0 || i === 5 ? "words" : null },
              t || h("span", { class: "hidden" }, "figure"),
            ),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        finding.measurements.map((m) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, bdi(m.name)),
            h("td", {}, measuredFigure(m)),
            h("td", {}, m.value === null ? "–" : significant(m.value, 4)),
            h(
              "td",
              { class: "nowrap" },
              m.low === null ? "–" : `${significant(m.low, 4)} to ${significant(m.high, 4)}`,
            ),
            h("td", {}, count(m.n)),
            h("td", { class: "words" }, bdi(m.note)),
          ),
        ),
      ),
    ),
  ),
];

const paperView = (row) =>
  h(
    "details",
    { class: "paper", id: `paper-${row.id}` },
    h(
      "summary",
      {},
      h(
        "span",
        { class: `finding f-${verdictOf(row).replaceAll(" ", "-")}` },
        SIGNS[verdictOf(row)],
        " ",
        verdictOf(row),
      ),
      h("span", { class: "paper-title" }, bdi(row.title)),
      h("span", { class: "small" }, bdi(row.claim)),
    ),
    facts([
      ["id", row.id],
      ["status", row.status],
      ["what is built", row.builds],
    ]),
    row.published.length
      ? [
          h("h4", {}, "Published"),
          h(
            "ul",
            {},
            row.published.map((f) =>
              h(
                "li",
                {},
                bdi(f.name),
                ": ",
                h("b", {}, `${significant(f.value, 4)} ${f.unit}`),
                " ",
                h("span", { class: "small" }, bdi(f.source)),
              ),
            ),
          ),
        ]
      : null,
    row.findings.length
      ? row.findings.map(findingView)
      : row.status === "planned"
        ? h("p", {}, "Its experiment is not built yet.")
        : h("p", {}, "Not run here yet: ", h("code", {}, `gulliver reproduce ${row.id}`)),
  );

const papersPage = async (source) => {
  const papers = await source.papers();
  const state = { text: "", room: "", verdict: "" };
  const list = h("div", {});
  const said = h("p", { class: "small", role: "status" });
  const draw = () => {
    const words = wordsOf(state.text);
    const shown = papers.filter(
      (row) =>
        (!state.room || row.area === state.room) &&
        (!state.verdict || verdictOf(row) === state.verdict) &&
        words.every((word) => `${row.id} ${row.title} ${row.claim} ${row.builds}`.toLowerCase().includes(word)),
    );
    const built = (room) => shown.filter((row) => row.area === room && row.status !== "planned").length;
    const rooms = [...new Set(shown.map((row) => row.area))].sort((a, b) => built(b) - built(a) || a.localeCompare(b));
    list.replaceChildren(
      ...rooms.map((room) =>
        h(
          "section",
          { "aria-label": room },
          h("h2", {}, room),
          shown
            .filter((row) => row.area === room)
            .sort((a, b) => FINDINGS.indexOf(verdictOf(a)) - FINDINGS.indexOf(verdictOf(b)))
            .map(paperView),
        ),
      ),
    );
    const tally = FINDINGS.map((v) => [v, shown.filter((row) => verdictOf(row) === v).length])
      .filter(([, n]) => n)
      .map(([v, n]) => `${n} ${v}`);
    said.textContent = `${many(shown.length, "publication")}: ${tally.join(", ") || "none"}.`;
  };
  draw();
  return {
    title: "Papers",
    nodes: [
      h("h1", { tabindex: "-1" }, "Papers"),
      h(
        "p",
        { class: "small" },
        "Each publication's claim, tested by an experiment: what was published beside what was measured on this machine.",
      ),
      h(
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
        choice(
          "room",
          [["", "all"], ...[...new Set(papers.map((row) => row.area))].sort().map((a) => [a, a])],
          "",
          (value) => {
            state.room = value;
            draw();
          },
        ),
        choice("verdict", [["", "any"], ...FINDINGS.map((v) => [v, v])], "", (value) => {
          state.verdict = value;
          draw();
        }),
      ),
      said,
      list,
    ],
  };
};
