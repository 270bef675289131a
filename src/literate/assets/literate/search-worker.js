// Search behind Material's search box. The box and this worker speak in Material's messages:
// READY once, then for each QUERY (a text) a RESULT (pages, each with its sections, best first).
// The worker's address names the language, as in `search-worker.js#zh`; the language's index is
// fetched at the first query that is not empty. Every part of a page that holds the query's own
// characters is found, whatever the language: capitals and forms of a character do not count.
// Where nothing is, the words nearest to those typed are looked for instead, and the page is told.
"use strict";

const READY = 1, QUERY = 2, RESULT = 3;
const INDEX = new URL(`../search/${location.hash.slice(1)}.json.gz`, location.href);

// How much a hit counts, by where it is: a heading more than notes, notes more than code. What
// goes by the very name that was typed comes before all.
const PLACES = [["heading", 8], ["text", 4], ["code", 1]];
const SNIPPET = 180, BEFORE = 50;
// A letter or two is nearly everywhere: every page is shown then, with its best parts alone.
const MANY = 200, FEW = 3;

const isAscii = (text) => /^[\x00-\x7f]*$/.test(text);

const fold = (text) => {
  const lower = isAscii(text)
    ? text.toLowerCase()
    : text.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("ς", "σ");
  return lower.replaceAll("\n", " ");
};

// --- the index ---

let pages;

const load = () => {
  pages ??= fetch(INDEX).then(read).catch((error) => {
    pages = undefined; // the next key tries again
    throw error;
  });
  return pages;
};

const read = async (response) => {
  if (!response.ok) throw new Error(`${response.status} ${INDEX}`);
  const blob = await response.blob();
  // Some servers say that a .gz file is encoded, and then the browser has unpacked it already.
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const isPacked = first === 0x1f && second === 0x8b;
  const stream = isPacked ? blob.stream().pipeThrough(new DecompressionStream("gzip")) : blob.stream();
  const rows = await new Response(stream).json();
  return rows.map(([url, sections]) => sections.map(([anchor, heading, text, code]) => ({
    location: anchor ? `${url}#${encodeURIComponent(anchor)}` : url,
    shown: { heading, text, code },
    folded: { name: fold(anchor), heading: fold(heading), text: fold(text), code: fold(code) },
  })));
};

// --- looking ---

// Scripts that are written without spaces have no words to be whole.
const UNSPACED = "[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmr}\\p{sc=Mymr}]";
const IN_WORD = `(?!${UNSPACED})[\\p{L}\\p{N}\\p{M}_]`;
const startsInWord = new RegExp(`^${IN_WORD}`, "u");
const endsInWord = new RegExp(`${IN_WORD}$`, "u");

const makeTerm = (words) => {
  const before = startsInWord.test(words) ? `(?<!${IN_WORD})` : "";
  const after = endsInWord.test(words) ? `(?!${IN_WORD})` : "";
  const escaped = words.replace(/[\\^$.*+?()[\]{}|\/]/g, "\\$&");
  return { words, whole: new RegExp(before + escaped + after, "u") };
};

// 0 where the term is not in the text, 1 within a word, 2 as whole words.
const hit = (text, { words, whole }) => (!text.includes(words) ? 0 : whole.test(text) ? 2 : 1);

const weigh = (folded, term) => {
  let score = 0;
  for (const [place, weight] of PLACES) score += weight * hit(folded[place], term);
  const isAllOf = (text) => text === term.words;
  return score && score + 8 * isAllOf(folded.heading) + 32 * isAllOf(folded.name);
};

// All the words, wherever they stand in a section, count less than the words as they were typed.
const weighApart = (folded, title, terms) => {
  let score = 0;
  for (const term of terms) {
    const found = weigh(folded, term) || hit(title, term);
    if (!found) return 0;
    score += found;
  }
  return score / (100 * terms.length);
};

const APART = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]+|[^\s\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]+/gu;

const search = (pages, query) => {
  const typed = fold(query.trim().replace(/\s+/g, " "));
  const words = typed.match(APART);
  if (!words) return [];
  const whole = makeTerm(typed);
  const terms = words.length > 1 ? words.map(makeTerm) : [];
  const found = [];
  for (const sections of pages) {
    const hits = [];
    for (const section of sections) {
      const score = weigh(section.folded, whole);
      if (score) {
        hits.push({ section, score, words: [typed] });
      } else if (terms.length) {
        const less = weighApart(section.folded, sections[0].folded.heading, terms);
        if (less) hits.push({ section, score: less, words });
      }
    }
    if (hits.length) {
      hits.sort((one, other) => other.score - one.score);
      found.push({ page: sections[0], hits });
    }
  }
  const total = found.reduce((sum, { hits }) => sum + hits.length, 0);
  return found.sort(byBest).map(({ page, hits }) =>
    item(page, total > MANY ? hits.slice(0, FEW) : hits));
};

// Of pages whose best hits are alike, the one with more of them goes first.
const byBest = ({ hits: one }, { hits: other }) =>
  other[0].score - one[0].score || other.length - one.length;

// --- what may have been meant ---

const WORD = /[\p{L}\p{N}\p{M}_]+/gu;
const isUnspaced = new RegExp(UNSPACED, "u");

// The words of the index: folded -> how often they are there, and as they are written: in a heading
// if they are in one, else in a note, else in code.
const lexicon = new WeakMap();

const wordsOf = (pages) => {
  if (lexicon.has(pages)) return lexicon.get(pages);
  const words = new Map(), sections = pages.flat();
  for (const [place] of PLACES) {
    for (const { shown } of sections) {
      for (const [word] of shown[place].matchAll(WORD)) {
        if (word.length < 3 || isUnspaced.test(word)) continue;
        const known = words.get(fold(word));
        if (known) known.count++;
        else words.set(fold(word), { written: word, count: 1 });
      }
    }
  }
  lexicon.set(pages, words);
  return words;
};

// How many letters may be wrong: none in a short word, nor in a number.
const tolerance = (word) => (word.length < 4 || !/\p{L}/u.test(word) ? 0 : word.length < 7 ? 1 : 2);

// How many letters are missing, too many, wrong, or exchanged with their neighbour (Damerau and
// Levenshtein, each place touched once); more than `most` as soon as that is sure.
const distance = (one, other, most) => {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let before, above = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const wrong = Number(one[i - 1] !== other[j - 1]);
      row[j] = Math.min(row[j - 1] + 1, above[j] + 1, above[j - 1] + wrong);
      const isExchanged = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (isExchanged) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    if (Math.min(...row) > most) return most + 1;
    [before, above] = [above, row];
  }
  return above[other.length];
};

// The nearest word, of several the one that starts alike, then the most frequent.
const nearest = (word, words) => {
  const most = tolerance(word);
  let best, least = Infinity;
  for (const [other, { written, count }] of most ? words : []) {
    const far = distance(word, other, most);
    if (far > most) continue;
    const cost = far + (other[0] === word[0] ? 0 : 0.5) - count / (1e6 + count);
    if (cost < least) [best, least] = [written, cost];
  }
  return best;
};

// The query with each word that no page has replaced; null where that is none, or has no neighbour.
const correct = (pages, query) => {
  const typed = fold(query.trim());
  if (isUnspaced.test(typed)) return null;
  const words = wordsOf(pages), known = [...words.keys()];
  let isWhole = true;
  const meant = typed.replace(WORD, (word) => {
    if (known.some((other) => other.includes(word))) return words.get(word)?.written ?? word;
    const near = nearest(word, words);
    isWhole &&= near !== undefined;
    return near ?? word;
  });
  return isWhole && fold(meant) !== typed ? meant : null;
};

// --- what the box shows ---

const item = (page, hits) => {
  const shown = hits.map(({ section, score, words }) =>
    result(section.location, mark(section.shown.heading, words), snippet(section, words), score));
  // The box shows each page by its own row, whether that is a hit or not.
  if (!hits.some(({ section }) => section === page)) {
    shown.push(result(page.location, escapeHtml(page.shown.heading), "", 0));
  }
  return shown;
};

const result = (location, title, text, score) => ({ location, title, text, score, terms: {} });

const snippet = ({ shown, folded }, words) => {
  const isIn = (place) => words.some((word) => folded[place].includes(word));
  const place = isIn("text") || !isIn("code") ? "text" : "code";
  const text = shown[place];
  if (!text) return "";
  const first = firstMatch(text, folded[place], words);
  const start = first > BEFORE ? afterSpace(text, first - BEFORE, first) : 0;
  const end = start + SNIPPET < text.length ? afterSpace(text, start + SNIPPET) : text.length;
  const part = mark(text.slice(start, end), words);
  const html = `${start > 0 ? "… " : ""}${part}${end < text.length ? " …" : ""}`;
  return `<p>${place === "code" ? `<code>${html}</code>` : html}</p>`;
};

const firstMatch = (text, folded, words) => {
  const found = words.map((word) => [folded.indexOf(word), word]).filter(([at]) => at >= 0);
  if (!found.length) return 0;
  const [at, word] = found.reduce((one, other) => (other[0] < one[0] ? other : one));
  // A character nearly always folds to one: then the place is the same in both.
  if (fold(text.slice(at, at + word.length)) === word) return at;
  return matches(text, words)[0]?.[0] ?? 0;
};

// The start of the next word, so that none is cut; of scripts without spaces, any character's.
const afterSpace = (text, at, limit = at + 30) => {
  const space = text.slice(at, limit).search(/\s/);
  return at + space + 1;
};

// [start, end] of each match in the text as it is shown, in order and apart from each other.
const matches = (text, words) => {
  const { folded, starts, ends } = isAscii(text) ? { folded: fold(text) } : foldWithPlaces(text);
  const found = [];
  for (const word of words) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
      const last = at + word.length - 1;
      found.push(starts ? [starts[at], ends[last]] : [at, last + 1]);
    }
  }
  let done = 0;
  return found.sort(([one], [other]) => one - other).filter(([start, end]) => {
    const isApart = start >= done;
    if (isApart) done = end;
    return isApart;
  });
};

// The folded text, and for each of its characters where in the text its origin starts and ends.
const foldWithPlaces = (text) => {
  let folded = "";
  const starts = [], ends = [];
  for (const { 0: piece, index } of text.matchAll(/\P{M}\p{M}*|\p{M}+/gu)) {
    const part = foldPiece(piece);
    folded += part;
    for (let i = 0; i < part.length; i++) {
      starts.push(index);
      ends.push(index + piece.length);
    }
  }
  return { folded, starts, ends };
};

const pieces = new Map();

const foldPiece = (piece) => {
  if (!pieces.has(piece)) pieces.set(piece, fold(piece));
  return pieces.get(piece);
};

const mark = (text, words) => {
  let html = "", done = 0;
  for (const [start, end] of matches(text, words)) {
    html += `${escapeHtml(text.slice(done, start))}<mark>${escapeHtml(text.slice(start, end))}</mark>`;
    done = end;
  }
  return html + escapeHtml(text.slice(done));
};

const escapeHtml = (text) =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

// --- the messages ---

let latest = 0;

// The box shows results alone: what they are for, the page's own script says.
const page = new BroadcastChannel("literate-search");

// What is copied out of a page may hold them; the index has none, see `site/search.py`.
const UNSEEN = /[\u00ad\u2060-\u2064\ufe00-\ufe0f]/g;

const answer = (pages, copied) => {
  const query = copied.replace(UNSEEN, "");
  const items = search(pages, query);
  const meant = items.length ? null : correct(pages, query);
  const others = meant === null ? [] : search(pages, meant);
  return others.length ? { items: others, meant } : { items, meant: null };
};

self.onmessage = async ({ data: { type, data: query } }) => {
  if (type !== QUERY) return;
  const own = ++latest;
  const data = query.trim() ? answer(await load(), query) : { items: [], meant: null };
  if (own !== latest) return;
  page.postMessage({ query, meant: data.meant });
  self.postMessage({ type: RESULT, data });
};

self.postMessage({ type: READY });
