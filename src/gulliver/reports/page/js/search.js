// Which items fit: conditions such as "right with 3, wrong with 5", and words anywhere in what was asked or said.
const TESTS = [
  ["r", "right"],
  ["n", "not right"],
  ["w", "wrong"],
  ["u", "unreadable"],
  ["t", "truncated"],
  ["s", "unsupported"],
  ["f", "failed"],
  ["a", "asked"],
  [".", "not asked"],
];
const fits = (test, letter) =>
  test === "n" ? letter !== "r" && letter !== "." : test === "a" ? letter !== "." : letter === test;

/** Conditions in an address: "r0,n3" is right with the first recipe and not right with the fourth. */
const readConditions = (text) =>
  (text ?? "")
    .split(",")
    .filter((part) => /^[rnwutsfa.]\d+$/.test(part))
    .map((part) => ({ test: part[0], place: Number(part.slice(1)) }));
const writeConditions = (conditions) => conditions.map(({ test, place }) => `${test}${place}`).join(",");

/** Words, and in quotes phrases, all of which have to occur. */
const wordsOf = (text) =>
  [...text.toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g)].map(([word, phrase]) => phrase ?? word);

const finder = (columns) => {
  const asked = columns.outcomes
    .map((letters, place) => [letters, place])
    .filter(([letters]) => /[^.]/.test(letters))
    .map(([, place]) => place);
  let near = null;
  let far = null;
  const haystack = () =>
    (near ??= columns.ids.map((id, i) =>
      [id, columns.questions[i], columns.targets[i], ...asked.map((place) => columns.values[place][i] ?? "")]
        .join("\n")
        .toLowerCase(),
    ));
  const disagree = (i) => {
    const said = asked.map((place) => columns.outcomes[place][i]).filter((letter) => letter !== ".");
    const right = said.filter((letter) => letter === "r").length;
    return right * (said.length - right);
  };
  return {
    asked,
    /** Also look through what was written, once those texts are here. */
    learn: (texts) => {
      far ??= texts?.map((said) => Object.values(said).flat().join("\n").toLowerCase()) ?? null;
    },
    learnt: () => far !== null,
    find: ({ words, conditions, differ, sort }) => {
      const wanted = wordsOf(words);
      const texts = wanted.length ? haystack() : null;
      const found = [];
      for (let i = 0; i < columns.ids.length; i += 1) {
        if (!conditions.every(({ test, place }) => fits(test, columns.outcomes[place]?.[i] ?? "."))) continue;
        if (differ && !disagree(i)) continue;
        if (texts && !wanted.every((word) => texts[i].includes(word) || far?.[i].includes(word))) continue;
        found.push(i);
      }
      if (sort === "differ") {
        const by = new Map(found.map((i) => [i, disagree(i)]));
        found.sort((a, b) => by.get(b) - by.get(a) || a - b);
      }
      return found;
    },
  };
};
