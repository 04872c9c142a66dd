// From numbers to places on a figure, and which numbers stand at its axes.
const scaleOf = (low, high, start, end, log = false) => {
  const at = log ? (v) => Math.log(Math.max(v, low)) : (v) => v;
  const span = at(high) - at(low);
  const place = (value) => start + Math.min(1, Math.max(0, (at(value) - at(low)) / span)) * (end - start);
  return Object.assign(place, { low, high, start, end });
};
/** Round ends within 0 to 1 that hold all values with a little room. */
const shareEnds = (values) => {
  const known = values.filter(Number.isFinite);
  if (!known.length) return [0, 1];
  let low = Math.max(0, Math.min(...known));
  let high = Math.min(1, Math.max(...known));
  const step = high - low > 0.25 ? 0.1 : 0.05;
  low = Math.floor(low / step + 1e-9) * step;
  high = Math.ceil(high / step - 1e-9) * step;
  if (high - low < 2 * step) [low, high] = [Math.max(0, low - step), Math.min(1, high + step)];
  return [low, Math.min(1, high)];
};
const shareTicks = (low, high) => {
  for (const step of [0.05, 0.1, 0.2, 0.25]) {
    const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
    if (last - first <= 6)
      return Array.from({ length: last - first + 1 }, (_, i) => Math.round((first + i) * step * 1e4) / 1e4);
  }
  return [low, high];
};
/** Ends that hold all positive values with room beside them, and intervals as far as ten times beyond. */
const logEnds = (values, intervals = []) => {
  const known = values.filter((v) => v > 0 && Number.isFinite(v));
  if (!known.length) return [0.1, 10];
  let [low, high] = [Math.min(...known), Math.max(...known)];
  const wide = intervals.filter((v) => v >= low / 10 && v <= high * 10);
  [low, high] = [Math.min(low, ...wide), Math.max(high, ...wide)];
  const room = Math.max(1.25, (high / low) ** 0.06);
  return [low / room, high * room];
};
const logTicks = (low, high, most = 7) => {
  let found = [];
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    found = [];
    for (let d = Math.floor(Math.log10(low)); d <= Math.ceil(Math.log10(high)); d += 1) {
      for (const m of steps) if (low <= m * 10 ** d && m * 10 ** d <= high) found.push(m * 10 ** d);
    }
    if (found.length <= most) return found;
  }
  const every = Math.ceil(found.length / most);
  return found.filter((_, i) => i % every === 0);
};
