// A drawing made into what scikit-learn's digits are, and those into what the network was trained on.

const PEN = 5; // how wide a pen is on a form of 32 pixels
const SIDE = 32;

/** Strokes, lists of points from 0 to 1, as 8 x 8 shades from 0 to 16: how full each square of 4 x 4 is. */
export function reduced(strokes) {
  const points = strokes.flat();
  const [left, right, top, bottom] = [0, 1].flatMap((i) => {
    const values = points.map((point) => point[i]);
    return [Math.min(...values), Math.max(...values)];
  });
  // The digit fills the form: in the data set, too, each was cut out and made as large as the rest.
  const scale = (SIDE - PEN) / Math.max(right - left, bottom - top, 0.05);
  const placed = ([x, y]) => [
    SIDE / 2 + (x - (left + right) / 2) * scale,
    SIDE / 2 + (y - (top + bottom) / 2) * scale,
  ];
  const ink = new Uint8Array(SIDE * SIDE);
  for (const stroke of strokes) {
    const path = stroke.map(placed);
    path.forEach((to, i) => mark(ink, path[Math.max(0, i - 1)], to));
  }
  const shades = new Array(64).fill(0);
  ink.forEach((one, i) => {
    shades[8 * (i >> 7) + ((i % SIDE) >> 2)] += one;
  });
  return shades;
}

/** Blacken the pixels whose middle is within half a pen of a line. */
function mark(ink, [ax, ay], [bx, by]) {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const along = length && Math.max(0, Math.min(1, (px * (bx - ax) + py * (by - ay)) / length));
      const distance = Math.hypot(px - along * (bx - ax), py - along * (by - ay));
      if (distance <= PEN / 2) ink[y * SIDE + x] = 1;
    }
  }
}

/** 8 x 8 shades as `32 x 32` pixels of RGBA: enlarged bilinearly, as `convmixer.data.digits` does. */
export function enlarged(shades) {
  const pixels = new Uint8ClampedArray(4 * SIDE * SIDE);
  const along = Array.from({ length: SIDE }, (_, i) => {
    const at = Math.max(0, (i + 0.5) / 4 - 0.5);
    const first = Math.floor(at);
    return [first, Math.min(7, first + 1), at - first];
  });
  for (let y = 0; y < SIDE; y++) {
    const [top, bottom, down] = along[y];
    for (let x = 0; x < SIDE; x++) {
      const [left, right, over] = along[x];
      const row = (r) => shades[8 * r + left] * (1 - over) + shades[8 * r + right] * over;
      const grey = Math.round((row(top) * (1 - down) + row(bottom) * down) * (255 / 16));
      pixels.set([grey, grey, grey, 255], 4 * (y * SIDE + x));
    }
  }
  return pixels;
}
