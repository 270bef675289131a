// Search behind Material's search box. The box and this worker speak in Material's messages:
// READY once, then for each QUERY (a text) a RESULT (pages, each with its sections, best first).
// The worker's address names the language, as in `search-worker.js#zh`; the language's index is
// fetched at the first query that is not empty. Every part of a page that holds the query's own
// characters is found, whatever the language: capitals and forms of a character do not count.
"use strict";

const READY = 1, QUERY = 2, RESULT = 3;
const INDEX = new URL(`../search/${location.hash.slice(1)}.json.gz`, location.href);

// How much a hit counts, by where it is: a heading more than notes, notes more than code.
const PLACES = [["heading", 8], ["text", 4], ["code", 1]];
const SNIPPET = 180, BEFORE = 50;

const fold = (text) =>
  text.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("ς", "σ").replace(/\s/g, " ");

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
    folded: { heading: fold(heading), text: fold(text), code: fold(code) },
  })));
};

// --- looking ---

const isPartOfWord = (character) =>
  /[\p{L}\p{N}\p{M}_]/u.test(character) && !isUnspaced(character);

// Scripts that are written without spaces have no words to be whole.
const isUnspaced = (character) =>
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}]/u.test(character);

// 0 where the words are not in the text, 1 within a word, 2 as whole words.
const hit = (text, words) => {
  let at = text.indexOf(words);
  if (at < 0) return 0;
  for (; at >= 0; at = text.indexOf(words, at + 1)) {
    const before = isPartOfWord(words[0]) && isPartOfWord(text[at - 1] ?? "");
    const after = isPartOfWord(words.at(-1)) && isPartOfWord(text[at + words.length] ?? "");
    if (!before && !after) return 2;
  }
  return 1;
};

const weigh = (folded, words) => {
  let score = folded.heading === words ? 8 : 0;
  for (const [place, weight] of PLACES) score += weight * hit(folded[place], words);
  return score;
};

// All the words, wherever they stand in a section, count less than the words as they were typed.
const weighApart = (folded, title, terms) => {
  let score = 0;
  for (const term of terms) {
    const found = weigh(folded, term) || (title.includes(term) ? 1 : 0);
    if (!found) return 0;
    score += found;
  }
  return score / (100 * terms.length);
};

const termsOf = (words) =>
  words.match(/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]+|[^\s\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]+/gu) ?? [];

const search = (pages, query) => {
  const words = fold(query).replace(/ +/g, " ").trim();
  if (!words) return [];
  const terms = termsOf(words);
  const found = [];
  for (const sections of pages) {
    const hits = [];
    for (const section of sections) {
      const whole = weigh(section.folded, words);
      const apart = !whole && terms.length > 1
        ? weighApart(section.folded, sections[0].folded.heading, terms) : 0;
      if (whole || apart) hits.push({ section, score: whole || apart, terms: whole ? [words] : terms });
    }
    if (hits.length) {
      hits.sort((one, other) => other.score - one.score);
      found.push({ page: sections[0], hits });
    }
  }
  return found.sort(byBest).map(item);
};

// Of pages whose best hits are alike, the one with more of them goes first.
const byBest = ({ hits: one }, { hits: other }) =>
  other[0].score - one[0].score || other.length - one.length;

// --- what the box shows ---

const item = ({ page, hits }) => {
  const shown = hits.map(({ section, score, terms }) => ({
    location: section.location,
    title: mark(section.shown.heading, terms),
    text: snippet(section, terms),
    score,
    terms: {},
  }));
  // The box shows each page by its own row, whether that is a hit or not.
  const isShown = hits.some(({ section }) => section === page);
  if (!isShown) shown.push({ location: page.location, title: escapeHtml(page.shown.heading), text: "", score: 0, terms: {} });
  return shown;
};

const snippet = ({ shown, folded }, terms) => {
  const isIn = (place) => terms.some((term) => folded[place].includes(term));
  const place = isIn("text") || !isIn("code") ? "text" : "code";
  const text = shown[place];
  if (!text) return "";
  const first = matches(text, terms)[0]?.[0] ?? 0;
  const start = first > BEFORE ? afterSpace(text, first - BEFORE, first) : 0;
  const end = start + SNIPPET < text.length ? afterSpace(text, start + SNIPPET) : text.length;
  const part = mark(text.slice(start, end), terms);
  const html = `${start > 0 ? "… " : ""}${part}${end < text.length ? " …" : ""}`;
  return `<p>${place === "code" ? `<code>${html}</code>` : html}</p>`;
};

// The start of the next word, so that none is cut; of scripts without spaces, any character's.
const afterSpace = (text, at, limit = at + 30) => {
  const space = text.slice(at, limit).search(/\s/);
  return at + space + 1;
};

// [start, end] of each match in the text as it is shown, in order and apart from each other.
const matches = (text, terms) => {
  const { folded, starts, ends } = foldWithPlaces(text);
  const found = [];
  for (const term of terms) {
    for (let at = folded.indexOf(term); at >= 0; at = folded.indexOf(term, at + term.length)) {
      found.push([starts[at], ends[at + term.length - 1]]);
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
    const part = fold(piece);
    folded += part;
    for (let i = 0; i < part.length; i++) {
      starts.push(index);
      ends.push(index + piece.length);
    }
  }
  return { folded, starts, ends };
};

const mark = (text, terms) => {
  let html = "", done = 0;
  for (const [start, end] of matches(text, terms)) {
    html += `${escapeHtml(text.slice(done, start))}<mark>${escapeHtml(text.slice(start, end))}</mark>`;
    done = end;
  }
  return html + escapeHtml(text.slice(done));
};

const escapeHtml = (text) =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

// --- the messages ---

let latest = 0;

self.onmessage = async ({ data: { type, data: query } }) => {
  if (type !== QUERY) return;
  const own = ++latest;
  const items = query.trim() ? search(await load(), query) : [];
  if (own === latest) self.postMessage({ type: RESULT, data: { items } });
};

self.postMessage({ type: READY });
