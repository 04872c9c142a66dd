// Numbers as people read them; the same as reports/numbers.py, which the terminal uses.
const UNKNOWN = "not told";
const PREFIXES = [
  [1e18, "E"],
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

const grouped = (text) => {
  const [whole, rest] = text.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest === undefined ? "" : `.${rest}`);
};
const significant = (value, digits = 3) => {
  if (value === 0 || value === null || !Number.isFinite(value)) return value === 0 ? "0" : "?";
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  const text = value.toFixed(Math.min(places, 12));
  return grouped(text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text);
};
const scaled = (value, unit, digits = 3) => {
  for (const [size, prefix] of PREFIXES) {
    if (Math.abs(value) >= size * (1 - 0.5 * 10 ** -digits))
      return `${significant(value / size, digits)} ${prefix}${unit}`.trimEnd();
  }
  return `${significant(value, digits)} ${unit}`.trimEnd();
};
const flops = (value) => scaled(value, "FLOP");
const memory = (value) => (value ? scaled(value, "B") : UNKNOWN);
const money = (value) => significant(value);
const parameters = (value) => {
  if (!value) return UNKNOWN;
  for (const [size, letter] of [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ]) {
    if (value >= 0.9995 * size) return `${significant(value / size)}${letter}`;
  }
  return significant(value);
};
const duration = (value) => {
  if (value === 0) return "0 s";
  if (value < 9.995e-4) return `${significant(value * 1e6)} µs`;
  if (value < 0.9995) return `${significant(value * 1e3)} ms`;
  if (value < 59.95) return `${significant(value)} s`;
  const whole = Math.round(value);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};
const share = (value) => (value === null || value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(3));
const signed = (value) => (value < 0 ? `−${(-value).toFixed(3)}` : `+${value.toFixed(3)}`);
const percent = (value) => `${(100 * value).toFixed(0)} %`;
const count = (value) => (Number.isFinite(value) ? grouped(String(Math.round(value))) : "?");
const many = (number, one, more) => `${count(number)} ${number === 1 ? one : (more ?? `${one}s`)}`;
const moment = (text) =>
  String(text ?? "")
    .slice(0, 16)
    .replace("T", " ");

/** The meanings of cost: how an interval is read from a recipe and how it is shown. */
const AXES = {
  flops: {
    tab: "FLOPs",
    title: "FLOPs per item (computed)",
    of: (r) => [r.flops_computed, r.flops_low, r.flops_high],
    show: flops,
  },
  seconds: {
    tab: "Seconds",
    title: "seconds per item",
    of: (r) => [r.seconds, r.seconds_low, r.seconds_high],
    show: duration,
  },
  memory: {
    tab: "Memory",
    title: "peak memory",
    of: (r) => [r.peak_memory, r.peak_memory, r.peak_memory],
    show: memory,
  },
  money: { tab: "Money", title: "money per item", of: (r) => [r.money ?? 0, r.money ?? 0, r.money ?? 0], show: money },
};
const costOf = (recipe, key) => {
  const [value, low, high] = AXES[key].of(recipe);
  return { value: value ?? 0, low: low ?? value ?? 0, high: high ?? value ?? 0 };
};
