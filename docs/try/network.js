// A ConvMixer read from a safetensors file, in plain JavaScript: what src/convmixer/model.py computes
// in evaluation mode. A file is data of a stranger: every size in it is checked before it is used.

/** What is wrong with a file, in words for the console; readers get the page's own words. */
export class WeightsError extends Error {}

const need = (holds, message) => {
  if (!holds) throw new WeightsError(message);
};
const isSize = (value, most) => Number.isInteger(value) && value >= 1 && value <= most;
const MOST = { width: 4096, depth: 256, kernel_size: 63, patch_size: 64 };
const EPSILON = 1e-5; // PyTorch's, in batch normalization

/** The network that the bytes of a safetensors file hold. */
export function load(buffer) {
  const { tensors, metadata } = parse(buffer);
  const description = describe(metadata);
  const { width, depth, kernel_size: kernel, patch_size: patch } = description.options;
  const take = (name, ...shape) => {
    const tensor = tensors.get(name);
    need(tensor, `the file has no tensor ${name}`);
    need(
      tensor.dtype === "F32" && String(tensor.shape) === String(shape),
      `${name} is ${tensor.dtype} [${tensor.shape}], not F32 [${shape}]`,
    );
    return new Float32Array(buffer.slice(tensor.start, tensor.end));
  };
  // In evaluation mode, batch normalization is one factor and one summand for each channel.
  const norm = (name) => {
    const [gain, shift, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map(
      (part) => take(`${name}.${part}`, width),
    );
    const factor = gain.map((one, i) => one / Math.sqrt(variance[i] + EPSILON));
    return { factor, summand: shift.map((one, i) => one - mean[i] * factor[i]) };
  };
  const convolution = (name, ...shape) => ({
    weight: take(`${name}.weight`, ...shape),
    bias: take(`${name}.bias`, shape[0]),
  });
  const { classes } = description;
  return {
    ...description,
    embedding: {
      ...convolution("patch_embedding.conv", width, 3, patch, patch),
      norm: norm("patch_embedding.norm"),
    },
    layers: Array.from({ length: depth }, (_, i) => ({
      depthwise: {
        ...convolution(`layers.${i}.depthwise`, width, 1, kernel, kernel),
        norm: norm(`layers.${i}.depthwise_norm`),
      },
      pointwise: {
        ...convolution(`layers.${i}.pointwise`, width, width, 1, 1),
        norm: norm(`layers.${i}.pointwise_norm`),
      },
    })),
    head: {
      weight: take("head.linear.weight", classes.length, width),
      bias: take("head.linear.bias", classes.length),
    },
  };
}

/** Where each tensor of a safetensors file lies, and the text beside them. */
export function parse(buffer) {
  need(buffer.byteLength >= 8, "the file is shorter than a safetensors header");
  const length = new DataView(buffer).getBigUint64(0, true);
  const rest = buffer.byteLength - 8;
  need(length <= BigInt(Math.min(rest, 1e7)), "the header is longer than the file");
  const start = 8 + Number(length);
  let header;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, start - 8));
    header = JSON.parse(text);
  } catch {
    throw new WeightsError("the header is not JSON");
  }
  need(header && typeof header === "object" && !Array.isArray(header), "the header is no object");
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = new Map();
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = entry ?? {};
    const isList = (list) => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
    need(isList(shape) && isList(offsets) && offsets.length === 2, `${name} is not described`);
    const [from, to] = offsets;
    need(from <= to && start + to <= buffer.byteLength, `${name} lies outside the file`);
    const size = shape.reduce((product, side) => product * side, 1);
    need(dtype !== "F32" || size * 4 === to - from, `${name} is not as long as its shape`);
    tensors.set(name, { dtype, shape, start: start + from, end: start + to });
  }
  return { tensors, metadata };
}

/** What `convmixer.export` wrote beside the tensors: architecture, classes, normalization. */
function describe(metadata) {
  let found;
  try {
    found = JSON.parse(metadata.convmixer);
  } catch {
    throw new WeightsError("the file does not say which model it is for");
  }
  const { options, classes, mean, std } = found ?? {};
  need(options?.model === "convmixer", "the weights are not those of a ConvMixer");
  for (const [name, most] of Object.entries(MOST)) {
    need(isSize(options[name], most), `${name} is ${options[name]}`);
  }
  need(options.norm === "batch" && options.residual === "depthwise", "the model is a variant");
  need(options.activation in ACTIVATIONS, `the activation is ${options.activation}`);
  need(
    Array.isArray(classes) && isSize(classes.length, 10000) && classes.every((c) => typeof c === "string"),
    "the classes have no names",
  );
  for (const numbers of [mean, std]) {
    need(numbers?.length === 3 && numbers.every(Number.isFinite), "the normalization is missing");
  }
  need(std.every((one) => one > 0), "a standard deviation is not positive");
  return { options, classes, mean, std };
}

/** Bytes of a picture, RGBA row by row, as the network gets them: `[3, side, side]`. */
export function normalized(pixels, { mean, std }) {
  const count = pixels.length / 4;
  const image = new Float32Array(3 * count);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < count; i++) image[c * count + i] = (pixels[4 * i + c] / 255 - mean[c]) / std[c];
  }
  return image;
}

/**
 * Run the network on an image `[3, side, side]`. Yields each step on the way, `kind` "embedding",
 * "space" or "channels" with the tokens `[h, grid, grid]` after it, and last the kind "head" with the
 * logits and, since the head is linear and reads the mean, what each token adds to each of them.
 */
export function* run(network, image, side) {
  const { width, patch_size: patch, kernel_size: kernel, activation } = network.options;
  need(side % patch === 0, `${side} pixels do not divide into patches of ${patch}`);
  const grid = side / patch;
  const finish = ({ norm }, values) => {
    ACTIVATIONS[activation](values);
    scale(values, norm, width);
    return values;
  };
  let tokens = finish(network.embedding, embed(network.embedding, image, side, patch, width));
  yield { kind: "embedding", layer: 0, grid, tokens };
  for (const [i, { depthwise, pointwise }] of network.layers.entries()) {
    const mixed = finish(depthwise, convolve(depthwise, tokens, grid, kernel, width));
    for (let j = 0; j < mixed.length; j++) mixed[j] += tokens[j]; // the residual
    yield { kind: "space", layer: i + 1, grid, tokens: mixed };
    tokens = finish(pointwise, multiply(pointwise, mixed, width, width));
    yield { kind: "channels", layer: i + 1, grid, tokens };
  }
  yield { kind: "head", layer: network.layers.length, grid, ...read(network.head, tokens, width) };
}

/** The logits of tokens `[h, T]`, and the share of each token in each of them. */
export function read({ weight, bias }, tokens, width) {
  const shares = multiply({ weight, bias }, tokens, width, bias.length);
  const count = tokens.length / width;
  const logits = new Float32Array(bias.length);
  for (let n = 0; n < bias.length; n++) {
    let sum = 0;
    for (let t = 0; t < count; t++) sum += shares[n * count + t];
    logits[n] = sum / count;
  }
  return { logits, shares };
}

export function softmax(logits) {
  const greatest = Math.max(...logits);
  const powers = Array.from(logits, (one) => Math.exp(one - greatest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((one) => one / sum);
}

// --- the operations ---

/** Each patch as one column, so that the patch embedding is a matrix product. */
function embed(convolution, image, side, patch, width) {
  const grid = side / patch;
  const columns = new Float32Array(3 * side * side);
  let at = 0;
  for (let c = 0; c < 3; c++) {
    for (let dy = 0; dy < patch; dy++) {
      for (let dx = 0; dx < patch; dx++) {
        for (let y = 0; y < grid; y++) {
          const row = (c * side + y * patch + dy) * side + dx;
          for (let x = 0; x < grid; x++) columns[at++] = image[row + x * patch];
        }
      }
    }
  }
  return multiply(convolution, columns, 3 * patch * patch, width);
}

/** `weight [outputs, inputs]` times `values [inputs, T]`, plus `bias`: four inputs at a time. */
function multiply({ weight, bias }, values, inputs, outputs) {
  const count = values.length / inputs;
  const result = new Float32Array(outputs * count);
  for (let o = 0; o < outputs; o++) {
    const row = result.subarray(o * count, (o + 1) * count).fill(bias[o]);
    let i = 0;
    for (; i + 4 <= inputs; i += 4) {
      const at = o * inputs + i;
      const a = weight[at], b = weight[at + 1], c = weight[at + 2], d = weight[at + 3];
      let p = i * count, q = p + count, r = q + count, s = r + count;
      for (let t = 0; t < count; t++) {
        row[t] += a * values[p++] + b * values[q++] + c * values[r++] + d * values[s++];
      }
    }
    for (; i < inputs; i++) {
      const a = weight[o * inputs + i];
      for (let t = 0, p = i * count; t < count; t++) row[t] += a * values[p++];
    }
  }
  return result;
}

/** One `kernel x kernel` filter for each channel; zeros around, the odd one right and below. */
function convolve({ weight, bias }, tokens, grid, kernel, width) {
  const before = (kernel - 1) >> 1;
  const padded = grid + kernel - 1;
  const frame = new Float32Array(padded * padded);
  const result = new Float32Array(tokens.length);
  for (let c = 0; c < width; c++) {
    const first = c * grid * grid;
    for (let y = 0; y < grid; y++) {
      const row = tokens.subarray(first + y * grid, first + (y + 1) * grid);
      frame.set(row, (y + before) * padded + before);
    }
    for (let y = 0; y < grid; y++) {
      const row = result.subarray(first + y * grid, first + (y + 1) * grid).fill(bias[c]);
      for (let dy = 0; dy < kernel; dy++) {
        const from = (y + dy) * padded;
        const at = (c * kernel + dy) * kernel;
        for (let dx = 0; dx < kernel; dx++) {
          const factor = weight[at + dx];
          for (let x = 0; x < grid; x++) row[x] += factor * frame[from + dx + x];
        }
      }
    }
  }
  return result;
}

function scale(values, { factor, summand }, width) {
  const count = values.length / width;
  for (let c = 0, i = 0; c < width; c++) {
    for (let t = 0; t < count; t++, i++) values[i] = values[i] * factor[c] + summand[c];
  }
}

const ACTIVATIONS = {
  __proto__: null,
  gelu(values) {
    for (let i = 0; i < values.length; i++) {
      const x = values[i];
      values[i] = 0.5 * x * (1 + erf(x * Math.SQRT1_2));
    }
  },
  relu(values) {
    for (let i = 0; i < values.length; i++) if (values[i] < 0) values[i] = 0;
  },
};

// The error function and its slope at every 1/128 from 0 to 6, where it is 1. Simpson's rule adds up
// the slopes; between two points, the cubic with these values and slopes is right to ten digits.
const STEP = 1 / 128;
const POINTS = 6 / STEP;
const slope = (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
const SLOPES = Float64Array.from({ length: POINTS + 1 }, (_, i) => slope(i * STEP));
const VALUES = new Float64Array(POINTS + 1);
for (let i = 0; i < POINTS; i++) {
  VALUES[i + 1] = VALUES[i] + (STEP / 6) * (SLOPES[i] + 4 * slope((i + 0.5) * STEP) + SLOPES[i + 1]);
}

/** The error function. PyTorch's is exact to the last of 32 bits, and errors grow from layer to layer. */
export function erf(x) {
  const far = Math.abs(x) / STEP;
  if (!(far < POINTS)) return Math.sign(x);
  const i = Math.floor(far), t = far - i, back = 1 - t;
  const value =
    back * back * ((1 + 2 * t) * VALUES[i] + t * STEP * SLOPES[i]) +
    t * t * ((1 + 2 * back) * VALUES[i + 1] - back * STEP * SLOPES[i + 1]);
  return x < 0 ? -value : value;
}
