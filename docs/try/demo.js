// The model in the page: what the reader draws or opens goes to the worker, and comes back step by step.
// The words stand in the page, which is translated.
import { seen } from "./arithmetic.js";
import { enlarged, reduced } from "./digits.js";

const demo = document.getElementById("demo");
const language = document.documentElement.lang;
const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
const word = (name, fields = {}) => {
  const text = demo.querySelector(`[data-word="${CSS.escape(name)}"]`)?.textContent ?? name;
  return text.replace(/\{(\w+)\}/g, (_, field) => fields[field]);
};
/** A class goes by the page's own word for it, where it has one. */
const nameOf = (name) => demo.querySelector(`[data-class="${CSS.escape(name)}"]`)?.textContent ?? name;
const create = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const arrowOf = (event) => (event.ctrlKey || event.metaKey || event.altKey ? undefined : ARROWS[event.key]);

// --- the worker, begun with the first question ---

let worker;
const waiting = new Map();
let asked = 0;

function ask(question) {
  if (!worker) {
    worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => {
      const { resolve, reject } = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.error) reject(new Error(data.error));
      else resolve(data);
    };
    worker.onerror = (event) => {
      for (const { reject } of waiting.values()) reject(new Error(event.message));
      waiting.clear();
      worker = undefined;
    };
  }
  const id = (asked += 1);
  worker.postMessage({ id, ...question });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

// --- colours ---

/** The red, green and blue of one of the page's colours. */
function colour(name) {
  const value = getComputedStyle(demo).getPropertyValue(`--${name}`).trim();
  return [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16));
}
const COLOUR = { image: "grey", embedding: "grey", space: "space", channels: "channels", head: "space" };

/** Paints values from `low` to `high` as paper to a colour; those below zero of a head in grey. */
function painter(step) {
  const [paper, full, against] = ["paper", COLOUR[step.kind], "grey"].map(colour);
  const [low, high] = range(step);
  return (value) => {
    const share = step.kind === "head" ? value / high : (value - low) / (high - low);
    const strength = Math.min(1, Math.abs(share < 0 && step.kind !== "head" ? 0 : share));
    const towards = share < 0 ? against : full;
    return paper.map((one, i) => one + (towards[i] - one) * strength);
  };
}

/** Between what values a step is drawn: all but the outermost hundredth. */
function range(step) {
  if (!step.range) {
    const sorted = Float32Array.from(step.maps).sort();
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
    const most = Math.max(Math.abs(sorted[0]), Math.abs(sorted.at(-1)));
    step.range = step.kind === "head" ? [-most, most] : [at(0.01), at(0.99)];
    if (step.range[0] === step.range[1]) step.range[1] += 1;
  }
  return step.range;
}

// --- one network: its question, its answer, its steps ---

class Reader {
  constructor(root, side) {
    Object.assign(this, { root, side, at: null, step: null, map: 0, isBusy: false, next: null, wiped: 0 });
    this.desk = root.querySelector(".desk");
    this.answer = root.querySelector(".answer");
    this.answer.append(document.getElementById("answer").content.cloneNode(true));
    this.verdict = this.answer.querySelector(".verdict");
    this.spoken = this.answer.querySelector("[role=status]");
    this.steps = root.querySelector(".steps");
    this.say("empty");
  }

  say(name, fields) {
    this.verdict.textContent = word(name, fields);
    // While a digit is being drawn, a screen reader hears of what stays for a moment.
    clearTimeout(this.pause);
    this.pause = setTimeout(() => (this.spoken.textContent = this.verdict.textContent), 700);
  }

  /** Read a picture, `side x side` pixels of RGBA. While one is being read, only the newest waits. */
  async read(pixels) {
    this.next = pixels;
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.next) {
      const picture = this.next;
      const { wiped } = this;
      this.next = null;
      if (!this.result) this.say("loading");
      try {
        const { href: url } = this.root.querySelector(".weights");
        const result = await ask({ url, pixels: picture, side: this.side });
        if (wiped === this.wiped) this.take(picture, result);
      } catch (error) {
        console.warn(error);
        if (wiped === this.wiped) this.say("failed");
      }
    }
    this.isBusy = false;
  }

  /** Nothing to read any more. */
  forget() {
    this.next = this.result = null;
    this.wiped += 1;
    this.steps.hidden = true;
    this.answer.querySelector("tbody").replaceChildren();
    this.say("empty");
  }

  take(picture, result) {
    this.result = result;
    this.picture = picture;
    const { options, classes } = result;
    for (const step of result.steps) step.maps = step.tokens ?? beside(step.shares, classes.length);
    const colours = Float32Array.from({ length: 3 * this.side ** 2 }, (_, i) => {
      const count = this.side ** 2;
      return picture[4 * (i % count) + Math.floor(i / count)] / 255;
    });
    result.steps.unshift({ kind: "image", layer: 0, grid: this.side, maps: colours });
    this.grid = this.side / options.patch_size;
    this.at ??= { x: this.grid >> 1, y: this.grid >> 1 };
    this.step ??= result.steps.length - 1;
    const final = result.steps.at(-1).probabilities;
    this.best = final.indexOf(Math.max(...final));
    this.say("verdict", { name: nameOf(classes[this.best]), share: percent.format(final[this.best]) });
    this.root.dataset.logits = JSON.stringify([...result.steps.at(-1).logits]);
    this.show();
  }

  show() {
    if (this.steps.hidden || !this.steps.childElementCount) this.open();
    this.showClasses();
    this.showStep();
  }

  /** The viewer of the steps, when there is first something to see. */
  open() {
    this.steps.hidden = false;
    if (this.steps.childElementCount) return;
    this.steps.append(document.getElementById("steps").content.cloneNode(true));
    const find = (selector) => this.steps.querySelector(selector);
    this.slider = find(".step");
    this.slider.addEventListener("input", () => this.goto(this.slider.valueAsNumber));
    find(".back").addEventListener("click", () => this.goto(this.step - 1));
    find(".next").addEventListener("click", () => this.goto(this.step + 1));
    this.number = find(".map-number");
    this.number.addEventListener("input", () => this.choose(this.number.valueAsNumber));
    for (const canvas of this.steps.querySelectorAll("canvas")) {
      canvas.setAttribute("aria-label", canvas.parentElement.querySelector("p").textContent);
      if (!canvas.tabIndex) continue;
      canvas.setAttribute("role", "img");
    }
    const picture = find(".picture");
    const place = (event) => {
      const [x, y] = inside(picture, event, this.grid);
      this.move(x, y);
    };
    picture.addEventListener("pointerdown", place);
    picture.addEventListener("pointermove", (event) => event.buttons && place(event));
    picture.addEventListener("keydown", (event) => {
      const arrow = arrowOf(event);
      if (!arrow) return;
      event.preventDefault();
      this.move(this.at.x + arrow[0], this.at.y + arrow[1]);
    });
    find(".maps").addEventListener("click", (event) => {
      const { count, across } = this.layout();
      const [x, y] = inside(find(".maps"), event, across);
      this.choose(Math.min(count - 1, y * across + x));
    });
  }

  get current() {
    return this.result.steps[this.step];
  }

  layout() {
    const count = this.current.maps.length / this.current.grid ** 2;
    return { count, across: Math.ceil(Math.sqrt(count)) };
  }

  goto(step) {
    this.step = Math.max(0, Math.min(this.result.steps.length - 1, step));
    this.show();
  }

  choose(map) {
    this.map = map;
    if (this.current.kind === "head") this.best = map;
    this.showStep();
  }

  move(x, y) {
    const within = (value) => Math.max(0, Math.min(this.grid - 1, value));
    this.at = { x: within(x), y: within(y) };
    this.showStep();
  }

  showClasses() {
    const { steps, classes } = this.result;
    const told = steps.filter((step) => step.kind !== "image" && step.kind !== "head");
    const current = Math.max(0, Math.min(told.length - 1, this.step - 1));
    const rows = classes.map((name, n) => {
      const strip = create("div", { className: "strip" });
      for (const [i, step] of told.entries()) {
        const mark = create("i", { className: i === current ? "now" : "" });
        mark.style.setProperty("--share", Math.sqrt(step.probabilities[n]));
        mark.addEventListener("click", () => this.goto(i + 1));
        strip.append(mark);
      }
      const share = (told[current] ?? steps.at(-1)).probabilities[n];
      return create(
        "tr",
        { className: share === Math.max(...told[current].probabilities) ? "best" : "" },
        create("th", { scope: "row", textContent: nameOf(name) }),
        create("td", {}, strip),
        create("td", { className: "share", textContent: percent.format(share) }),
      );
    });
    this.answer.querySelector("tbody").replaceChildren(...rows);
  }

  showStep() {
    const { options, classes, steps } = this.result;
    const step = this.current;
    const find = (selector) => this.steps.querySelector(selector);
    const { width: h, patch_size: p, depth: d } = options;
    const caption = word(step.kind, { h, p, d, l: step.layer });
    if (find(".caption").textContent !== caption) find(".caption").textContent = caption;
    this.slider.max = steps.length - 1;
    this.slider.value = this.step;
    this.slider.setAttribute("aria-valuetext", caption);
    find(".back").disabled = this.step === 0;
    find(".next").disabled = this.step === steps.length - 1;

    const { count, across } = this.layout();
    const chosen = step.kind === "head" ? this.best : Math.min(this.map, count - 1);
    this.number.max = count - 1;
    this.number.value = chosen;
    const name = step.kind === "head" ? nameOf(classes[chosen]) : `${chosen + 1} / ${count}`;
    find("output").textContent = name;
    this.number.setAttribute("aria-valuetext", name);
    this.drawPicture(find(".picture"), step);
    drawMaps(find(".maps"), step, { count, across, chosen });
    this.drawMap(find(".map"), step, { count, chosen });
  }

  /** The picture, the token that is looked at, and what it has seen. */
  drawPicture(canvas, step) {
    const context = sized(canvas, 320, 320);
    const image = new ImageData(new Uint8ClampedArray(this.picture), this.side, this.side);
    const small = create("canvas", { width: this.side, height: this.side });
    small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, 320, 320);
    const { patch_size: p, kernel_size: k } = this.result.options;
    const { columns, rows } = seen({ image: this.side, p, k, l: step.layer, ...this.at });
    const cell = 320 / this.grid;
    if (step.kind !== "image") {
      context.strokeStyle = `rgba(${colour("grey")}, 0.45)`;
      const lines = Array.from({ length: this.grid - 1 }, (_, i) => (i + 1) * cell);
      context.stroke(new Path2D(lines.map((at) => `M${at} 0V320M0 ${at}H320`).join("")));
    }
    const frame = ([left, right], [top, bottom], name, width) => {
      context.strokeStyle = `rgb(${colour(name)})`;
      context.lineWidth = width;
      context.strokeRect(left * cell + 1, top * cell + 1, (right - left + 1) * cell - 2, (bottom - top + 1) * cell - 2);
    };
    // What it has not seen is veiled.
    const veil = new Path2D();
    veil.rect(0, 0, 320, 320);
    veil.rect(columns[0] * cell, rows[0] * cell, (columns[1] - columns[0] + 1) * cell, (rows[1] - rows[0] + 1) * cell);
    context.fillStyle = `rgba(${colour("paper")}, 0.6)`;
    context.fill(veil, "evenodd");
    frame(columns, rows, "space", 3);
    frame([this.at.x, this.at.x], [this.at.y, this.at.y], "channels", 3);
  }

  /** The chosen channel large, and beside it all numbers of the chosen token. */
  drawMap(canvas, step, { count, chosen }) {
    const context = sized(canvas, 360, 320);
    const paint = painter(step);
    const { grid, maps } = step;
    const size = 320 / grid;
    for (let i = 0; i < grid * grid; i++) {
      context.fillStyle = `rgb(${paint(maps[chosen * grid * grid + i])})`;
      context.fillRect((i % grid) * size, Math.floor(i / grid) * size, size + 0.5, size + 0.5);
    }
    // In the image, a token is a whole patch of pixels: its first one is looked at.
    const scale = grid / this.grid;
    const [x, y] = [this.at.x * scale, this.at.y * scale];
    context.strokeStyle = `rgb(${colour("channels")})`;
    context.lineWidth = 3;
    context.strokeRect(x * size + 1, y * size + 1, size * scale - 2, size * scale - 2);
    const height = 320 / count;
    for (let c = 0; c < count; c++) {
      context.fillStyle = `rgb(${paint(maps[c * grid * grid + y * grid + x])})`;
      context.fillRect(334, c * height, 26, height + 0.5);
    }
    context.strokeRect(333, chosen * height - 1, 26, height + 2);
  }
}

/** What each token adds to a class beside what it adds to the others: `[n, T]`. */
function beside(shares, classes) {
  const count = shares.length / classes;
  return shares.map((share, i) => {
    let sum = 0;
    for (let n = 0; n < classes; n++) sum += shares[n * count + (i % count)];
    return share - sum / classes;
  });
}

/** All maps of a step, small, side by side. */
function drawMaps(canvas, step, { count, across, chosen }) {
  const { grid, maps } = step;
  const gap = grid / 8;
  const down = Math.ceil(count / across);
  const unit = 320 / (across * (grid + gap));
  const pitch = (grid + gap) * unit;
  const context = sized(canvas, 320, down * pitch);
  const paint = painter(step);
  const tile = create("canvas", { width: grid, height: grid });
  context.imageSmoothingEnabled = false;
  const corner = (c) => [(c % across) * pitch + (gap * unit) / 2, Math.floor(c / across) * pitch + (gap * unit) / 2];
  for (let c = 0; c < count; c++) {
    const picture = new ImageData(grid, grid);
    for (let i = 0; i < grid * grid; i++) picture.data.set([...paint(maps[c * grid * grid + i]), 255], 4 * i);
    tile.getContext("2d").putImageData(picture, 0, 0);
    context.drawImage(tile, ...corner(c), grid * unit, grid * unit);
  }
  context.strokeStyle = `rgb(${colour("ink")})`;
  context.lineWidth = 2.5;
  context.strokeRect(...corner(chosen), grid * unit, grid * unit);
}

/** A canvas as sharp as the screen, drawn on in its own units. */
function sized(canvas, width, height) {
  const scale = Math.min(3, devicePixelRatio);
  Object.assign(canvas, { width: width * scale, height: height * scale });
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return context;
}

/** Which of `cells x cells` squares of an element a pointer is in. */
function inside(element, { clientX, clientY }, cells) {
  const { left, top, width } = element.getBoundingClientRect();
  const at = (distance) => Math.max(0, Math.min(cells - 1, Math.floor((distance / width) * cells)));
  return [at(clientX - left), at(clientY - top)];
}

// --- a digit ---

class Pad {
  constructor(reader) {
    this.reader = reader;
    this.canvas = reader.desk.querySelector(".pad");
    this.status = reader.desk.querySelector(".pen");
    this.clear();
    const { canvas } = this;
    const at = ({ clientX, clientY }) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      return [(clientX - left) / width, (clientY - top) / height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.begin(at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons || !this.stroke) return;
      for (const moved of event.getCoalescedEvents?.() ?? [event]) this.go(at(moved));
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => this.lift());
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const turn of ["focus", "blur"]) canvas.addEventListener(turn, () => this.draw());
    reader.desk.querySelector(".clear").addEventListener("click", () => this.clear());
  }

  clear() {
    this.strokes = [];
    this.stroke = null;
    this.pen = [0.5, 0.25];
    this.reader.forget();
    this.draw();
  }

  begin(point) {
    if (this.isSample) this.clear();
    this.isSample = false;
    this.stroke = [point];
    this.strokes.push(this.stroke);
    this.go(point);
  }

  go(point) {
    this.pen = point;
    this.stroke?.push(point);
    this.draw();
    if (this.stroke) this.reader.read(enlarged(reduced(this.strokes)));
  }

  lift() {
    this.stroke = null;
  }

  key(event) {
    const arrow = arrowOf(event);
    if (arrow) this.go(this.pen.map((one, i) => Math.max(0.05, Math.min(0.95, one + arrow[i] / 20))));
    else if (event.key === " " && this.stroke) this.lift();
    else if (event.key === " ") this.begin(this.pen);
    else if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
    this.status.textContent = word(this.stroke ? "down" : "up");
    this.draw();
  }

  draw() {
    const context = sized(this.canvas, 320, 320);
    context.strokeStyle = context.fillStyle = `rgb(${colour("ink")})`;
    Object.assign(context, { lineWidth: 26, lineCap: "round", lineJoin: "round" });
    for (const stroke of this.strokes) {
      context.beginPath();
      for (const [x, y] of stroke) context.lineTo(320 * x, 320 * y);
      context.stroke();
    }
    if (!this.strokes.length) this.hint(context);
    if (document.activeElement !== this.canvas || !this.canvas.matches(":focus-visible")) return;
    context.beginPath();
    context.arc(320 * this.pen[0], 320 * this.pen[1], 13, 0, 7);
    Object.assign(context, { lineWidth: 3, strokeStyle: `rgb(${colour(this.stroke ? "channels" : "space")})` });
    context.stroke();
  }

  /** A seven, faintly, for who wonders what to do. */
  hint(context) {
    context.save();
    Object.assign(context, { lineWidth: 3, strokeStyle: `rgb(${colour("grey")})` });
    context.setLineDash([2, 9]);
    context.stroke(new Path2D("M90 70H230L140 260"));
    context.restore();
  }

  /** A digit of the data set, 8 x 8 shades, instead of a drawing. */
  take(shades) {
    this.clear();
    this.isSample = true;
    const pixels = enlarged(shades);
    const context = sized(this.canvas, 320, 320);
    const ink = colour("ink");
    for (let i = 0; i < 64; i++) {
      context.fillStyle = `rgba(${ink}, ${shades[i] / 16})`;
      context.fillRect((i % 8) * 40, Math.floor(i / 8) * 40, 40, 40);
    }
    this.reader.read(pixels);
  }
}

// --- pictures ---

/** The pixels of the middle of a picture, `side x side`: halved as long as that is possible. */
function middle(picture, side) {
  let size = Math.min(picture.width, picture.height);
  let [left, top] = [(picture.width - size) / 2, (picture.height - size) / 2];
  let source = picture;
  while (size > side) {
    const smaller = Math.max(side, Math.ceil(size / 2));
    source = drawn(source, left, top, size, smaller);
    [left, top, size] = [0, 0, smaller];
  }
  if (size < side || source === picture) source = drawn(source, left, top, size, side);
  return source.getContext("2d").getImageData(0, 0, side, side).data;
}

function drawn(source, left, top, size, side) {
  const canvas = create("canvas", { width: side, height: side });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(source, left, top, size, size, 0, 0, side, side);
  return canvas;
}

async function opened(image) {
  await image.decode();
  return createImageBitmap(image);
}

function beginDigit(root) {
  const reader = new Reader(root, 32);
  const pad = new Pad(reader);
  for (const button of root.querySelectorAll("[data-index]")) {
    button.addEventListener("click", async () => {
      const pixels = middle(await opened(button.querySelector("img")), 8);
      pad.take(Array.from({ length: 64 }, (_, i) => Math.round((pixels[4 * i] * 16) / 255)));
    });
  }
  return { draw: () => pad.isSample || pad.draw(), reader };
}

function beginPhoto(root) {
  const reader = new Reader(root, 32);
  const press = (chosen) => {
    for (const button of root.querySelectorAll("[data-index]")) button.setAttribute("aria-pressed", button === chosen);
  };
  for (const button of root.querySelectorAll("[data-index]")) {
    button.addEventListener("click", async () => {
      press(button);
      reader.read(middle(await opened(button.querySelector("img")), 32));
    });
  }
  root.querySelector("input[type=file]").addEventListener("change", async ({ target }) => {
    if (!target.files.length) return;
    press(null);
    try {
      const picture = await createImageBitmap(target.files[0], { imageOrientation: "from-image" });
      reader.read(middle(picture, 32));
    } catch {
      reader.forget();
      reader.say("unreadable");
    }
  });
  return { draw: () => {}, reader };
}

for (const live of demo.querySelectorAll(".desk[data-live]")) live.hidden = false;
const begun = [beginDigit(demo.querySelector(".digit"))];
if (demo.querySelector(".photo .weights[href]")) begun.push(beginPhoto(demo.querySelector(".photo")));

// Drawn in the page's colours, so drawn again when they change.
new MutationObserver(() => {
  for (const { draw, reader } of begun) {
    draw();
    if (reader.result) reader.show();
  }
}).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
