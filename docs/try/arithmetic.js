// What a ConvMixer costs and how far it sees, from the numbers that describe it. The tests compare all
// of it with PyTorch's own counts.

export const PARTS = ["embedding", "depthwise", "pointwise", "normalization", "head"];

/** What each number may be, and what the page begins with: ConvMixer-1536/20, published for ImageNet. */
export const NUMBERS = {
  image: { least: 8, most: 512, usual: 224 },
  p: { least: 1, most: 32, usual: 7 },
  h: { least: 8, most: 2048, usual: 1536 },
  d: { least: 1, most: 40, usual: 20 },
  k: { least: 1, most: 15, usual: 9 },
  n: { least: 2, most: 1000, usual: 1000 },
};

/** Parameters and multiply-adds of one image, by part and `all` together. */
export function count({ image, p, h, d, k, n }) {
  const tokens = (image / p) ** 2;
  const norms = 2 * d + 1;
  const costs = {
    embedding: [h * (3 * p * p + 1), tokens * h * 3 * p * p],
    depthwise: [d * h * (k * k + 1), d * tokens * h * k * k],
    pointwise: [d * h * (h + 1), d * tokens * h * h],
    normalization: [norms * 2 * h, norms * tokens * h],
    head: [(h + 1) * n, h * n],
  };
  costs.all = [0, 1].map((i) => PARTS.reduce((sum, part) => sum + costs[part][i], 0));
  return costs;
}

/** The tokens that one token has seen after `l` layers: `[first, last]` in each direction, within the grid. */
export function seen({ image, p, k, l, x, y }) {
  const last = image / p - 1;
  const before = (k - 1) >> 1; // for an even k, the odd one is on the right and below
  const along = (at) => [Math.max(0, at - l * before), Math.min(last, at + l * (k - 1 - before))];
  const [columns, rows] = [along(x), along(y)];
  const tokens = (columns[1] - columns[0] + 1) * (rows[1] - rows[0] + 1);
  return { columns, rows, window: l * (k - 1) + 1, share: tokens / (last + 1) ** 2 };
}

/** The first layer after which a token has seen everything, or null where the model has too few. */
export function wholeAfter(state) {
  for (let l = 0; l <= state.d; l++) if (seen({ ...state, l }).share === 1) return l;
  return null;
}

/** The nearest state that makes a model: whole numbers within their bounds, whole patches, a token of the grid. */
export function tidy(wanted) {
  const state = {};
  const within = (value, least, most, usual) =>
    Number.isFinite(value) ? Math.min(most, Math.max(least, Math.round(value))) : usual;
  for (const [name, { least, most, usual }] of Object.entries(NUMBERS)) {
    state[name] = within(wanted[name] ?? NaN, least, most, usual);
  }
  const { p } = state;
  const patches = Math.max(1, Math.round(state.image / p));
  state.image = p * Math.min(Math.max(patches, Math.ceil(NUMBERS.image.least / p)), Math.floor(NUMBERS.image.most / p));
  const grid = state.image / p;
  state.l = within(wanted.l ?? NaN, 0, state.d, Math.min(3, state.d));
  for (const side of ["x", "y"]) state[side] = within(wanted[side] ?? NaN, 0, grid - 1, grid >> 1);
  return state;
}

/** A state as the query of an address, without what is as usual. */
export function toQuery(state) {
  const usual = tidy({ ...state, l: NaN, x: NaN, y: NaN });
  for (const name of Object.keys(NUMBERS)) usual[name] = NUMBERS[name].usual;
  const told = Object.entries(state).filter(([name, value]) => value !== usual[name]);
  return told.length ? `?${new URLSearchParams(told)}` : "";
}

export function fromQuery(query) {
  const told = [...new URLSearchParams(query)].filter(([, value]) => value.trim());
  return tidy(Object.fromEntries(told.map(([name, value]) => [name, Number(value)])));
}
