// An annotated page answers. It is complete without this: links, numbers, outline, index and the
// originals of translated notes are HTML.
(() => {
  const page = document.querySelector(".annotated");
  if (!page) return;
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = page) => [...within.querySelectorAll(selector)];

  for (const key of all(".keys [hidden]", document)) key.hidden = false;

  // --- The uses of a name light up; a symbol of the paper and its name in the code are one ---

  // Which belong together, the page's tables and notes say: [symbol, name, bindings].
  const nameOf = new Map(), bindingsOf = new Map(), symbolOf = new Map();
  for (const [symbol, name, bindings] of JSON.parse(page.dataset.symbols ?? "[]")) {
    nameOf.set(symbol, name);
    bindingsOf.set(symbol, bindings.map(String));
    for (const binding of bindings) symbolOf.set(String(binding), symbol);
  }
  const symbols = all("math mi").filter((mi) => nameOf.has(mi.textContent));
  for (const mi of symbols) mi.dataset.lit = "";
  const names = all("[data-b]");
  const said = document.createElement("output");
  said.className = "uses";
  page.append(said);
  let marked = "";

  // What is marked goes by a binding, or by the symbol that several bindings share.
  const mark = (key, uses, name, symbol) => {
    marked = key;
    const ranges = uses.map((use) => {
      const range = new Range();
      range.selectNodeContents(use);
      return range;
    });
    let lit = 0;
    for (const mi of symbols) if (mi.classList.toggle("lit", key !== "" && mi.textContent === symbol)) lit += 1;
    if (window.Highlight) CSS.highlights.set("use", new Highlight(...ranges));
    said.textContent = key ? `${[symbol, name].filter(Boolean).join(" = ")} × ${uses.length + lit}` : "";
  };
  const clear = () => marked && mark("", [], "");
  const markName = (use) => {
    const { b } = use.dataset;
    mark(b, names.filter((other) => other.dataset.b === b), use.textContent, symbolOf.get(b));
  };
  const markSymbol = (symbol) => {
    const bindings = bindingsOf.get(symbol);
    mark(symbol, names.filter((use) => bindings.includes(use.dataset.b)), nameOf.get(symbol), symbol);
  };

  page.addEventListener("click", ({ target }) => {
    if (target.closest(".num, summary, button") || getSelection().toString()) return;
    const mi = target.closest("mi[data-lit]"), use = target.closest("[data-b]");
    if (mi && mi.textContent !== marked) markSymbol(mi.textContent);
    else if (use && (use.dataset.b !== marked || use.href)) markName(use);
    else clear();
  });

  // --- What a link leads to: signature and first sentence, from the index at the end ---

  const index = new Map(all(".names [data-for]").map((entry) => [entry.dataset.for, entry]));
  const card = document.createElement("div");
  card.className = "card";
  card.id = "card";
  card.role = "tooltip";
  card.hidden = true;
  page.append(card);
  let timer, told;
  const hide = () => {
    clearTimeout(timer);
    card.hidden = true;
    told?.removeAttribute("aria-describedby");
    told = undefined;
  };
  const show = (link, wait) => {
    hide();
    const entry = link && index.get(link.getAttribute("href"));
    if (!entry) return;
    told = link;
    timer = setTimeout(() => {
      const text = $("dd", entry).cloneNode(true), signature = $(".sig", text);
      if (!text.textContent.trim()) return;
      if (signature) text.prepend(signature);
      card.replaceChildren(...text.childNodes);
      card.hidden = false;
      link.setAttribute("aria-describedby", "card");
      const at = link.getClientRects()[0], box = page.getBoundingClientRect();
      const { width, height } = card.getBoundingClientRect();
      const isBelow = at.bottom + height + 12 < innerHeight;
      card.style.left = `${Math.max(4, Math.min(at.left, innerWidth - width - 12)) - box.left}px`;
      card.style.top = `${(isBelow ? at.bottom + 6 : at.top - height - 6) - box.top}px`;
    }, wait);
  };
  const linkAt = ({ target }) => target.closest?.(":is(.code, .note, .lead, .gloss, .contents) a[href]");
  page.addEventListener("mouseover", (event) => show(linkAt(event), 120));
  page.addEventListener("focusin", (event) => {
    const link = linkAt(event);
    show(link, 0);
    const use = link?.closest("[data-b]") ?? (link && $("[data-b]", link));
    if (use && link.matches(":focus-visible")) markName(use);
  });
  page.addEventListener("focusout", hide);
  // The link that is still pointed at when the page comes to rest is told again.
  addEventListener("scroll", () => show(told?.matches(":hover, :focus") && told, 120), { passive: true });

  // --- A definition's code, as the file has it ---

  for (const button of all(".copy")) {
    const { first, last } = button.dataset;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const lines = all(".cl").filter(({ dataset: { n } }) => +n >= +first && +n <= +last).map((line) => {
        const copy = line.cloneNode(true);
        $(".shape", copy)?.remove();
        return copy.textContent;
      });
      await navigator.clipboard.writeText(lines.join(""));
      const word = button.textContent;
      button.textContent = page.dataset.copied;
      setTimeout(() => { button.textContent = word; }, 1500);
    });
  }

  // --- Keys ---

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, dialog, [contenteditable]")) return;
    if (event.key === "Escape") {
      clear();
      hide();
    }
    const originals = all("details.original");
    if (event.key === "o" && originals.length) {
      const open = originals.some((original) => !original.open);
      for (const original of originals) original.open = open;
      event.preventDefault();
    }
  });
})();
