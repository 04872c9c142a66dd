// Addresses and pages: #/study/KEY, #/items/KEY?where=r0,n3, #/compare/KEY, #/papers; without any, the studies or the file's own.
const place = () => {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, key] = path.split("/");
  return {
    page: page || (source.live ? "studies" : "study"),
    key: key ? decodeURIComponent(key) : "this",
    query: new URLSearchParams(query ?? ""),
  };
};
const address = (page, key, query = {}) => {
  const said = new URLSearchParams(
    Object.entries(query).filter(([, value]) => value !== "" && value !== null),
  ).toString();
  return `#/${page}${key ? `/${encodeURIComponent(key)}` : ""}${said ? `?${said}` : ""}`;
};
const replaceQuery = (query) => {
  const { page, key } = place();
  history.replaceState(null, "", address(page, key, query));
};

const navOf = ({ page, key }) => {
  const own = ["study", "items", "compare"].includes(page);
  const link = (to, name) => h("a", { href: to, "aria-current": to.split("/")[1] === page ? "page" : null }, name);
  const running = live.studies.has(key);
  return h(
    "nav",
    { "aria-label": "pages" },
    h("a", { href: source.live ? "#/studies" : "#/study/this", class: "brand" }, "Gulliver"),
    source.live ? [link("#/studies", "Studies"), link("#/papers", "Papers")] : null,
    own && !running
      ? h(
          "span",
          { class: "own" },
          source.live ? bdi(key, "crumb") : null,
          link(address("study", key), "Answer"),
          link(address("items", key), "Items"),
          link(address("compare", key), "Compare"),
        )
      : null,
  );
};

const pageOf = async ({ page, key, query }) => {
  if (page === "papers" && source.live) return papersPage(source);
  if (page === "study" && live.studies.has(key)) return livePage(key);
  if (page === "study") return studyPage(await source.study(key));
  if (page === "items") return itemsPage(source, await source.study(key), query);
  if (page === "compare") return comparePage(source, key, query);
  if (page === "studies" && source.live) return studiesPage(source);
  throw new Error("There is no such page; go back to the first.");
};

let [shown, turn] = [null, 0];
const show = async () => {
  const now = (turn += 1);
  const here = place();
  let made;
  try {
    made = await pageOf(here);
  } catch (error) {
    made = {
      title: "Gulliver",
      nodes: [h("h1", { tabindex: "-1" }, "This cannot be shown"), h("p", { role: "alert" }, error.message)],
    };
  }
  if (now !== turn) {
    made.stop?.();
    return;
  }
  shown?.stop?.();
  const first = shown === null;
  shown = made;
  document.title = made.title;
  document
    .getElementById("app")
    .replaceChildren(
      navOf(here),
      h("main", {}, made.nodes.filter(Boolean)),
      h(
        "footer",
        {},
        h(
          "p",
          { class: "small" },
          source.live
            ? "From this machine alone: nothing here is fetched from anywhere else."
            : "This file works offline. The result without the items is embedded in it as JSON; with all items it is in result.json in the run's folder.",
        ),
      ),
    );
  made.start?.();
  if (!first) {
    document.querySelector("main h1")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
};
/** A study that was being watched has come to its end. */
const endedStudy = (key) => {
  const here = place();
  if (here.page === "studies" || here.key === key) show();
};

const source = document.body.dataset.source === "server" ? fromServer() : fromFile();
startTips();
addEventListener("hashchange", show);
if (source.live) startLive(source);
show();
