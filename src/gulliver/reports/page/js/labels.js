// Where labels go on a figure so that none covers another or a point. A box is [left, top, right, bottom].
const AROUND = [0, 180, 270, 90, 315, 45, 225, 135, 337.5, 22.5, 202.5, 157.5];
const RINGS = [9, 16, 26, 38, 54, 72];
const meets = (a, b) => !(a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1]);
const within = (a, b) => a[0] >= b[0] && a[2] <= b[2] && a[1] >= b[1] && a[3] <= b[3];
const holds = (box, x, y) => box[0] <= x && x <= box[2] && box[1] <= y && y <= box[3];
const gapTo = (box, x, y) => Math.hypot(Math.max(box[0] - x, 0, x - box[2]), Math.max(box[1] - y, 0, y - box[3]));
const around = (x, y, size) => [x - size, y - size, x + size, y + size];

const ruler = document.createElement("canvas").getContext("2d");
const textWidth = (text, size, bold = false) => {
  ruler.font = `${bold ? 700 : 400} ${size}px system-ui, sans-serif`;
  return ruler.measureText(text).width + 4;
};

const besides = (x, y, width, height, distance, angle) => {
  const [across, down] = [Math.cos(angle), Math.sin(angle)];
  const [beside, above] = [Math.abs(across) > 0.05, Math.abs(down) > 0.45];
  const reach = distance * (beside && above ? 1.2 : 1);
  const u = x + across * reach + (beside ? (Math.sign(across) * width) / 2 : 0);
  const v = y + down * reach + (above ? (Math.sign(down) * height) / 2 : 0);
  return [u - width / 2, v - height / 2, u + width / 2, v + height / 2];
};
const dotsOf = (leader) => {
  if (!leader) return [];
  const [x, y, u, v] = leader;
  const steps = Math.max(2, Math.floor(Math.hypot(u - x, v - y) / 5));
  return Array.from({ length: steps }, (_, i) => around(x + ((u - x) * i) / steps, y + ((v - y) * i) / steps, 1));
};

/** Finds room for labels one after another: `walls` are never covered, `lines` only when nothing else is left. */
const placerOf = (frame, walls, lines, points) => ({
  lines,
  place(x, y, width, height, most = Infinity) {
    let best = null;
    RINGS.forEach((distance, ring) =>
      AROUND.forEach((angle, turn) => {
        const box = besides(x, y, width, height, distance, (angle * Math.PI) / 180);
        if (!within(box, frame) || walls.some((wall) => meets(box, wall))) return;
        const foot = [Math.min(Math.max(x, box[0]), box[2]), Math.min(Math.max(y, box[1]), box[3])];
        const leader = ring >= 2 ? [x, y, ...foot] : null;
        const crossed = walls.filter((wall) => !holds(wall, x, y));
        if (dotsOf(leader).some((dot) => crossed.some((wall) => meets(dot, wall)))) return;
        let price = 2 * ring + 0.1 * turn + 5 * this.lines.filter((line) => meets(box, line)).length;
        const own = gapTo(box, x, y);
        if (points.some(([u, v]) => (u !== x || v !== y) && gapTo(box, u, v) <= own + 3)) price += 14;
        if (price < most && (!best || price < best.price)) best = { price, box, leader };
      }),
    );
    if (!best) return null;
    walls.push(best.box);
    this.lines.push(...dotsOf(best.leader));
    return best;
  },
});
