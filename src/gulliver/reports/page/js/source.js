// Where a page's data comes from: this file, or the server that sent the page. Both give the same.
const withLooks = (study) => ({ ...study, looks: looksOf(study.result.recipes), letters: null });

const fromFile = () => {
  const parse = (id) => JSON.parse(document.getElementById(id).textContent);
  const unpack = async (id) => {
    if (document.readyState === "loading")
      await new Promise((done) => {
        document.addEventListener("DOMContentLoaded", done, { once: true });
      });
    const text = document.getElementById(id).textContent;
    if (!text) return null;
    if (typeof DecompressionStream === "undefined")
      throw new Error("This browser cannot unpack the items; a newer one can.");
    const packed = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  };
  const once = {};
  const keep = (name, make) => (once[name] ??= make());
  const study = keep("study", async () => withLooks({ key: "this", result: parse("result"), ...parse("more") }));
  const texts = () => keep("texts", () => unpack("texts"));
  return {
    live: false,
    studies: async () => [],
    study: async () => study,
    columns: () => keep("columns", () => unpack("columns")),
    texts,
    item: async (_, place) => (await texts())?.[place] ?? {},
    draws: null,
    compare: async (first, second) => {
      const [a, b] = [first.place, second.place];
      const { pairs, result } = await study;
      const found = pairs[a < b ? `${a}-${b}` : `${b}-${a}`];
      if (!found)
        throw new Error(
          `This pair is not in the file; ask for it with: gulliver compare ${result.run.id} ${a + 1} ${b + 1}`,
        );
      return a < b ? found : swapped(found);
    },
  };
};
/** The same comparison seen from the other side. */
const swapped = (c) => {
  const ratio = (r) =>
    r === null
      ? null
      : { value: 1 / r.value, low: r.high === null ? null : 1 / r.high, high: r.low === null ? null : 1 / r.low };
  return {
    ...c,
    first: c.second,
    second: c.first,
    first_only: c.second_only,
    second_only: c.first_only,
    difference: -c.difference,
    low: -c.high,
    high: -c.low,
    flops: ratio(c.flops),
    seconds: ratio(c.seconds),
  };
};

const fromServer = () => {
  const ask = async (path) => {
    let answer;
    try {
      answer = await fetch(`api/${path}`, { credentials: "same-origin" });
    } catch {
      throw new Error("The server has stopped; start it again with: gulliver view");
    }
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error);
    return said;
  };
  const at = (key) => `studies/${encodeURIComponent(key)}`;
  const kept = new Map();
  const keep = (path) => {
    if (!kept.has(path)) {
      if (kept.size > 12) kept.delete(kept.keys().next().value);
      kept.set(
        path,
        ask(path).catch((error) => {
          kept.delete(path);
          throw error;
        }),
      );
    }
    return kept.get(path);
  };
  return {
    live: true,
    studies: () => ask("studies"),
    study: async (key) => withLooks(await keep(at(key))),
    columns: (key) => keep(`${at(key)}/columns`),
    texts: (key) => keep(`${at(key)}/texts`),
    item: (key, place) => ask(`${at(key)}/items/${place}`),
    draws: (key, recipe, place) => ask(`${at(key)}/draws/${recipe}/${place}`),
    compare: (first, second) =>
      ask(`compare?${new URLSearchParams({ first: first.key, a: first.place, second: second.key, b: second.place })}`),
    papers: () => ask("papers"),
    forget: (key) => {
      for (const path of [...kept.keys()]) if (path.startsWith(at(key))) kept.delete(path);
    },
  };
};
