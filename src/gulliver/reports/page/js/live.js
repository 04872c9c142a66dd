// Studies that run now, as the server tells of them by server-sent events.
const live = { studies: new Map(), watchers: new Set(), told: new Set() };

const startLive = (source) => {
  const events = new EventSource("api/live");
  events.addEventListener("live", (event) => {
    const now = new Map(JSON.parse(event.data).map((one) => [one.key, one]));
    const ended = [...live.studies.keys()].filter((key) => !now.has(key));
    live.studies = now;
    for (const watcher of live.watchers) watcher();
    for (const key of ended) {
      source.forget(key);
      endedStudy(key);
    }
  });
  events.addEventListener("studies", () => {
    if (place().page === "studies") show();
  });
};
const watchLive = (draw) => {
  live.watchers.add(draw);
  draw();
  return () => live.watchers.delete(draw);
};

const liveList = () => {
  const node = h("div", { class: "running" });
  const stop = watchLive(() =>
    node.replaceChildren(
      ...[...live.studies.values()].map((one) =>
        h(
          "a",
          { class: "study live", href: address("study", one.key) },
          h(
            "span",
            { class: "study-name" },
            h("span", { class: one.state === "running" ? "pulse" : "" }),
            bdi(one.study),
            ` · ${one.state}`,
          ),
          h("span", { class: "study-said" }, bdi(nowOf(one))),
        ),
      ),
    ),
  );
  return { node, stop };
};
const nowOf = (one) => {
  const p = one.now;
  if (one.state !== "running")
    return "It was stopped before its end; run the same command to go on: all finished answers are kept.";
  if (!p) return "preparing";
  const of = p.of ? `recipe ${p.position} of ${p.of}: ` : "";
  const items = p.stage === "asking" ? `, ${count(p.asked)}${p.pool ? ` of ${count(p.pool)}` : ""} items asked` : "";
  return `${of}${p.recipe}, ${p.stage}${items}${p.message ? ` (${p.message})` : ""}`;
};

const liveRow = (p, current) =>
  h(
    "tr",
    { class: current ? "current" : "" },
    h("th", { scope: "row" }, current ? h("span", { class: "pulse" }) : null, recipeName(p.recipe)),
    h(
      "td",
      { class: "words" },
      intervalBar(p.asked ? p.right / p.asked : null, p.low, p.high, {
        target: p.target > 0 ? p.target : null,
        width: 240,
      }),
    ),
    h("td", {}, `${count(p.asked)}${p.pool ? ` / ${count(p.pool)}` : ""}`),
    h("td", {}, p.asked ? share(p.right / p.asked) : "–"),
    h("td", { class: "words" }, p.verdict ? verdictMark(p.verdict) : p.stage),
  );

const livePage = (key) => {
  const box = h("div", {});
  const said = h("p", { class: "hidden", role: "status", "aria-live": "polite" });
  let decided = 0;
  const draw = () => {
    const one = live.studies.get(key);
    if (!one) return;
    const p = one.now ?? { spent_flops: 0, spent_seconds: 0, replayed: 0, of: 0, position: 0, target: 0 };
    const rows = one.recipes.filter((r) => r.stage !== "floors");
    const done = rows.filter((r) => r.verdict);
    if (done.length !== decided) {
      decided = done.length;
      said.textContent = done.length ? `${done[done.length - 1].recipe}: ${done[done.length - 1].verdict}` : "";
    }
    const current = rows.find((r) => r.recipe === p.recipe);
    box.replaceChildren(
      h("p", { class: "about" }, "Task ", bdi(one.task), ", target ", bdi(one.target), "."),
      h("p", { class: "now" }, bdi(nowOf(one))),
      cards([
        ["spent", flops(p.spent_flops)],
        ["time", duration(Math.round(p.spent_seconds))],
        ["replayed", count(p.replayed), "requests"],
        ["recipes left, at most", count(Math.max(0, p.of - done.length))],
        current?.pool ? ["items left of this one, at most", count(Math.max(0, current.pool - current.asked))] : null,
      ]),
      current && current.history.length
        ? h(
            "figure",
            { class: "funnel" },
            h("figcaption", {}, "The interval of ", recipeName(current.recipe), " against the target"),
            funnelFigure(current.history, current.target, Math.max(280, Math.min(900, box.clientWidth || 600))),
          )
        : "",
      rows.length
        ? scroller(
            "recipes so far",
            h(
              "table",
              { class: "live-table" },
              h(
                "thead",
                {},
                h(
                  "tr",
                  {},
                  ["recipe", "interval", "items", "quality", "verdict"].map((t) =>
                    h(
                      "th",
                      { scope: "col", class: t === "recipe" || t === "interval" || t === "verdict" ? "words" : null },
                      t,
                    ),
                  ),
                ),
              ),
              h(
                "tbody",
                {},
                rows.map((r) => liveRow(r, one.state === "running" && r === current && !r.verdict)),
              ),
            ),
          )
        : "",
    );
  };
  const one = live.studies.get(key);
  return {
    title: `${one.study}, running`,
    nodes: [
      h("h1", { tabindex: "-1" }, bdi(one.study), one.state === "running" ? " is running" : " was stopped"),
      said,
      box,
    ],
    start: () => {
      live.watchers.add(draw);
      draw();
    },
    stop: () => live.watchers.delete(draw),
  };
};
