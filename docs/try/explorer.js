// The explorer: its controls, its figure, its numbers. The words stand in the page, which is translated.
import { count, fromQuery, NUMBERS, PARTS, seen, tidy, toQuery, wholeAfter } from "./arithmetic.js";

const page = document.getElementById("explorer");
const language = document.documentElement.lang;
const number = new Intl.NumberFormat(language);
const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const all = (selector) => page.querySelectorAll(selector);
const one = (selector) => page.querySelector(selector);
const isStill = matchMedia("(prefers-reduced-motion: reduce)");

let state = fromQuery(location.search);
let growing = 0;

// --- drawing ---

const SIDE = 440; // of the picture in the figure's units
const svg = (name, attributes, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

/** A landscape: how bright a place of the picture is, both from 0 to 1. */
function brightness(x, y) {
  const sun = Math.hypot(x - 0.68, y - 0.3);
  const far = 0.56 + 0.07 * Math.sin(5 * x + 0.6) + 0.03 * Math.sin(17 * x);
  const near = 0.76 + 0.08 * Math.sin(4 * x + 3.6);
  if (y > near) return 0.3 - 0.2 * (y - near) + 0.05 * Math.sin(60 * (y - near) + 9 * x);
  if (y > far) return 0.5 - 0.25 * (y - far);
  if (sun < 0.13) return 1;
  return 0.72 + 0.2 * Math.exp(-5 * sun) + 0.04 * Math.sin(22 * y + 4 * x) - 0.18 * y;
}

/** The landscape as the patches divide it: each as bright as its middle parts are on average. */
function paint(canvas, grid) {
  if (canvas.width === grid && canvas.dataset.done) return;
  canvas.width = canvas.height = grid;
  canvas.dataset.done = "true";
  const context = canvas.getContext("2d");
  const picture = context.createImageData(grid, grid);
  const parts = grid > 128 ? 1 : 4;
  for (let i = 0; i < grid * grid; i++) {
    let sum = 0;
    for (let j = 0; j < parts * parts; j++) {
      const x = ((i % grid) + ((j % parts) + 0.5) / parts) / grid;
      sum += brightness(x, (Math.floor(i / grid) + (Math.floor(j / parts) + 0.5) / parts) / grid);
    }
    const grey = (255 * sum) / parts / parts;
    picture.data.set([grey, grey, grey, 255], 4 * i);
  }
  context.putImageData(picture, 0, 0);
}

function drawStage() {
  const grid = state.image / state.p;
  const cell = SIDE / grid;
  paint(one(".stage canvas"), grid);
  const parts = [];
  if (cell >= 4) {
    const lines = Array.from({ length: grid - 1 }, (_, i) => (i + 1) * cell);
    const path = lines.map((at) => `M${at} 0V${SIDE}M0 ${at}H${SIDE}`).join("");
    parts.push(svg("path", { class: "gaps", d: path, "stroke-width": Math.min(2, cell / 6) }));
  }
  const area = (l) => {
    const { columns, rows } = seen({ ...state, l });
    const size = ([first, last]) => (last - first + 1) * cell;
    return { x: columns[0] * cell, y: rows[0] * cell, width: size(columns), height: size(rows) };
  };
  for (let l = state.l; l > 0; l--) {
    const kind = l === state.l ? "seen now" : "seen";
    parts.push(svg("rect", { class: kind, ...area(l), "fill-opacity": 0.12 + 0.3 / state.l }));
  }
  const token = { x: state.x * cell, y: state.y * cell, width: cell, height: cell };
  const least = Math.max(cell, 4);
  // The token itself: a column of squares, one for each 64 of its numbers.
  const squares = Math.ceil(state.h / 64);
  const size = SIDE / 32;
  const left = SIDE + 70;
  const top = Math.max(0, Math.min(SIDE - squares * size, token.y + cell / 2 - (squares * size) / 2));
  const from = { x: token.x + cell, y: token.y };
  parts.push(svg("path", { class: "link", d: `M${from.x} ${from.y}L${left} ${top}M${from.x} ${from.y + cell}L${left} ${top + squares * size}` }));
  parts.push(svg("rect", { class: "token", ...token, width: least, height: least }));
  for (let i = 0; i < squares; i++) {
    const filled = Math.min(1, state.h / 64 - i);
    const shade = 0.35 + 0.65 * Math.abs(Math.sin(12.9898 * (i + 1)) % 1);
    parts.push(svg("rect", { class: "number", x: left, y: top + i * size, width: 26 * filled, height: size - 2, "fill-opacity": shade }));
  }
  one(".stage svg").replaceChildren(...parts);
}

/** Parameters against multiply-adds, both by powers of ten: the published models, and this one. */
function drawChart() {
  const box = { left: 58, right: 700, top: 14, bottom: 300 };
  const across = (value) => box.left + ((Math.log10(value) - 5) / 3.4) * (box.right - box.left);
  const up = (value) => box.bottom - ((Math.log10(value) - 7.5) / 4) * (box.bottom - box.top);
  const parts = [];
  for (const power of [1e5, 1e6, 1e7, 1e8]) {
    const x = across(power);
    parts.push(svg("path", { class: "axis", d: `M${x} ${box.top}V${box.bottom}` }));
    parts.push(svg("text", { x, y: box.bottom + 20, "text-anchor": "middle" }, short.format(power)));
  }
  for (const power of [1e8, 1e9, 1e10, 1e11]) {
    const y = up(power);
    parts.push(svg("path", { class: "axis", d: `M${box.left} ${y}H${box.right}` }));
    parts.push(svg("text", { x: box.left - 8, y: y + 5, "text-anchor": "end" }, short.format(power).replace("B", "G")));
  }
  const keep = (value, least, most) => Math.min(most, Math.max(least, value));
  const place = (numbers) => {
    const [parameters, products] = count(numbers).all;
    return [keep(across(parameters), box.left, box.right), keep(up(products), box.top, box.bottom)];
  };
  for (const button of all("[data-state]")) {
    const [x, y] = place(stateOf(button));
    const isLeft = x > 560 || button.dataset.label === "left";
    parts.push(svg("circle", { class: "published", cx: x, cy: y, r: 5 }));
    const side = isLeft ? { x: x - 11, "text-anchor": "end" } : { x: x + 11 };
    parts.push(svg("text", { class: "name", y: y + 5, ...side }, button.textContent.trim()));
  }
  const [x, y] = place(state);
  parts.push(svg("path", { class: "cross", d: `M${x} ${box.bottom}V${y}H${box.left}` }));
  parts.push(svg("rect", { class: "own", x: x - 6, y: y - 6, width: 12, height: 12, transform: `rotate(45 ${x} ${y})` }));
  const word = (id) => document.getElementById(`chart-${id}`).textContent;
  parts.push(svg("text", { class: "title", x: box.right, y: box.bottom + 40, "text-anchor": "end" }, word("parameters")));
  parts.push(svg("text", { class: "title", x: box.left + 8, y: box.top + 6 }, word("products")));
  one(".chart svg").replaceChildren(...parts);
}

// --- words and numbers ---

function tell(name, text) {
  for (const field of all(`.f-${name}`)) if (field.textContent !== text) field.textContent = text;
}

function drawNumbers() {
  const grid = state.image / state.p;
  for (const name of ["image", "h", "d", "k", "p", "l"]) tell(name, number.format(state[name]));
  tell("grid", number.format(grid));
  tell("tokens", number.format(grid * grid));
  tell("name", `ConvMixer-${state.h}/${state.d}`);
  const view = seen(state);
  tell("window", number.format(view.window));
  tell("pixels", number.format(view.window * state.p));
  // Rounded down, so that 100 % is said of all alone.
  tell("share", percent.format(Math.floor(view.share * 100) / 100));
  const whole = wholeAfter(state);
  if (whole !== null) tell("whole", number.format(whole));
  one(".sees-all").hidden = whole === null;
  one(".sees-part").hidden = whole !== null;

  const costs = count(state);
  for (const [part, values] of Object.entries(costs)) {
    tell(`${part}-parameters`, number.format(values[0]));
    tell(`${part}-products`, number.format(values[1]));
  }
  tell("products", giga(costs.all[1]));
  for (const [i, bar] of [...all(".shares .bar")].entries()) {
    for (const [j, part] of PARTS.entries()) {
      bar.children[j].style.flexGrow = costs[part][i] / costs.all[i];
    }
  }
}

const giga = (value) => `${(value / 1e9).toLocaleString(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 })} G`;

function drawControls() {
  for (const input of all("input[name], input[data-of]")) {
    const name = input.name || input.dataset.of;
    if (name === "l") input.max = state.d;
    if (name === "image") {
      input.min = Math.ceil(NUMBERS.image.least / state.p) * state.p;
      input.max = Math.floor(NUMBERS.image.most / state.p) * state.p;
      input.step = state.p;
    }
    if (input !== document.activeElement || input.type === "range") input.value = state[name];
  }
  for (const button of all("[data-state]")) {
    const published = stateOf(button);
    const isThis = Object.keys(NUMBERS).every((name) => published[name] === state[name]);
    button.setAttribute("aria-pressed", isThis);
  }
}

function draw() {
  drawControls();
  drawNumbers();
  drawStage();
  drawChart();
  // A reader who changes the language keeps the model.
  for (const link of document.querySelectorAll(".md-select__link[hreflang]")) link.search = toQuery(state);
}

// --- what the reader does ---

const stateOf = (button) => {
  const values = button.dataset.state.split(" ").map(Number);
  return tidy(Object.fromEntries(Object.keys(NUMBERS).map((name, i) => [name, values[i]])));
};

/** Change the state; while a slider moves, the address waits until it rests. */
function change(changes, { isFinal = true } = {}) {
  const before = state.image / state.p;
  const wanted = { ...state, ...changes };
  const after = tidy(wanted);
  // The token stays where it is in the picture.
  if (after.image / after.p !== before && !("x" in changes)) {
    const moved = (at) => Math.floor(((at + 0.5) / before) * (after.image / after.p));
    Object.assign(wanted, { x: moved(state.x), y: moved(state.y) });
  }
  state = tidy(wanted);
  if (isFinal) remember();
  draw();
}

function remember() {
  const address = location.pathname + toQuery(state) + location.hash;
  if (address !== location.pathname + location.search + location.hash) history.pushState(null, "", address);
}

/** Let the window grow from the token alone to all that the model's depth shows it. */
function grow() {
  clearInterval(growing);
  if (isStill.matches) return change({ l: state.d });
  let l = 0;
  change({ l }, { isFinal: false });
  growing = setInterval(() => {
    l += 1;
    if (l >= state.d) clearInterval(growing);
    change({ l }, { isFinal: l >= state.d });
  }, Math.max(60, 2400 / state.d));
}

page.addEventListener("input", ({ target }) => {
  clearInterval(growing);
  const name = target.name || target.dataset.of;
  if (target.value !== "" && (target.type === "range" || target.checkValidity())) {
    change({ [name]: target.valueAsNumber }, { isFinal: false });
  }
});
page.addEventListener("change", ({ target }) => {
  const name = target.name || target.dataset.of;
  if (target.value !== "") change({ [name]: target.valueAsNumber });
  target.value = state[name];
});
page.addEventListener("submit", (event) => event.preventDefault());
page.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  clearInterval(growing);
  if (button.dataset.state) change({ ...stateOf(button), x: NaN, y: NaN, l: NaN });
  if (button.matches(".grow")) grow();
});

const stage = one(".stage");
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
stage.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  change({ x: state.x + step[0], y: state.y + step[1] });
});
function point(event, isFinal) {
  const { left, top, width } = one(".stage canvas").getBoundingClientRect();
  const grid = state.image / state.p;
  const at = (distance) => Math.max(0, Math.floor((distance / width) * grid));
  change({ x: at(event.clientX - left), y: at(event.clientY - top) }, { isFinal });
}
stage.addEventListener("pointerdown", (event) => {
  stage.setPointerCapture(event.pointerId);
  point(event, false);
});
stage.addEventListener("pointermove", (event) => event.buttons && point(event, false));
stage.addEventListener("pointerup", (event) => point(event, true));

addEventListener("popstate", () => {
  state = fromQuery(location.search);
  draw();
});

for (const drawing of all("[data-static]")) drawing.hidden = true;
for (const hidden of all("[data-live]")) hidden.hidden = false;
draw();
