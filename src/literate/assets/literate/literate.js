// Every page: its outline, the keys, the languages, pictures. Without it the page is complete, too.

// The section in view is marked in the outline, and named on the button that opens it; j and k go on
// to the next, and back.
(() => {
  const outline = document.querySelector(".outline");
  if (!outline) return;
  const links = [...outline.querySelectorAll(".sections a")];
  const sections = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  const name = document.querySelector("button.where i");
  let now, waiting;
  const look = () => {
    waiting = 0;
    const index = sections.findLastIndex((section) => section?.getClientRects().length && section.getBoundingClientRect().top < innerHeight * 0.3);
    if (index === now) return;
    links[now]?.classList.remove("now");
    links[now]?.removeAttribute("aria-current");
    now = index;
    links[now]?.classList.add("now");
    links[now]?.setAttribute("aria-current", "location");
    name.textContent = links[now]?.textContent ?? "";
  };
  addEventListener("scroll", () => { waiting ||= requestAnimationFrame(look); }, { passive: true });
  look();
  outline.addEventListener("click", (event) => {
    if (event.target.closest("a") && outline.matches(":popover-open")) outline.hidePopover();
  });

  const step = (by) => {
    const ahead = sections.map((section) => section?.getClientRects().length
      ? section.getBoundingClientRect().top - parseFloat(getComputedStyle(section).scrollMarginTop) : 0);
    const to = by > 0 ? ahead.findIndex((top) => top > 8) : ahead.findLastIndex((top) => top < -8);
    if (to < 0) return by < 0 && scrollTo(0, 0);
    sections[to].scrollIntoView();
    history.replaceState(history.state, "", links[to].hash);
  };
  const go = (rel) => document.querySelector(`link[rel="${rel}"]`)?.href;
  const keys = document.querySelector("dialog.keys");
  const help = document.querySelector(".help");
  const open = () => {
    if (outline.matches(":popover-open")) outline.hidePopover();
    keys.showModal();
  };
  help.hidden = false;
  help.addEventListener("click", open);
  keys.addEventListener("click", ({ target }) => { if (target === keys) keys.close(); });
  const does = {
    j: () => step(1),
    k: () => step(-1),
    "]": () => { if (go("next")) location.href = go("next"); },
    "[": () => { if (go("prev")) location.href = go("prev"); },
    "?": open,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(does, event.key)) return;
    if (event.target.closest?.("input, textarea, select, dialog[open], [contenteditable]")) return;
    does[event.key]();
    event.preventDefault();
  });
})();

// The language switcher keeps the reader's place: it leads to the section that is on the screen. The
// language that was chosen is offered on a page in another, and never forced.
(() => {
  const header = () => document.querySelector(".md-header")?.offsetHeight ?? 0;

  // The last anchor that has reached the top of what is visible; none at the top of the page.
  const currentSection = () => {
    if (window.scrollY < header()) return "";
    const limit = header() + 80;
    let current = "";
    for (const element of document.querySelectorAll("article :is(h1, h2, h3, h4, h5, h6, section, .row)[id]")) {
      if (element.getBoundingClientRect().top > limit) break;
      current = nameOf(element);
    }
    return current;
  };

  // The first heading of a definition's section stands for the section.
  const nameOf = (element) => {
    const section = element.closest(".row[id], section[id]");
    return section?.querySelector("h1, h2, h3, h4, h5, h6") === element ? section.id : element.id;
  };

  // The address's own anchor counts for as long as its target is on the screen.
  const place = () => {
    const named = decodeURIComponent(location.hash.slice(1));
    const target = named && document.getElementById(named);
    if (target) {
      const { top, bottom } = target.getBoundingClientRect();
      if (bottom > 0 && top < window.innerHeight) return named;
    }
    return currentSection();
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(":is(.md-select__link, .offer a)[hreflang]");
    if (!link) return;
    const section = place();
    link.hash = section ? `#${encodeURIComponent(section)}` : "";
    remember(link.hreflang);
  }, true);

  const key = "literate.language";
  const remember = (language) => {
    try { localStorage.setItem(key, language); } catch { /* nothing is kept here */ }
  };
  let chosen;
  try { chosen = localStorage.getItem(key); } catch { return; }
  const offer = chosen !== document.documentElement.lang && document.querySelector(`.offer[lang="${CSS.escape(chosen ?? "")}"]`);
  if (!offer) return;
  offer.hidden = false;
  offer.querySelector("button").addEventListener("click", () => {
    offer.hidden = true;
    remember(document.documentElement.lang);
  });
})();

// A picture opens large: by a click, or by Enter on the keyboard. The browser's own dialog closes by
// Esc and gives the focus back.
(() => {
  const dialog = document.querySelector("dialog.picture");
  if (!dialog) return;
  const stage = dialog.querySelector("div");

  for (const picture of document.querySelectorAll("article :is(img, figure svg)")) {
    if (picture.closest("a, button, summary")) continue;
    const name = picture.getAttribute("alt") ?? picture.getAttribute("aria-label") ?? "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "enlarge";
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-label", [dialog.dataset.enlarge, name].filter(Boolean).join(": "));
    picture.replaceWith(button);
    button.append(picture);
    button.addEventListener("click", () => {
      stage.replaceChildren(picture.cloneNode(true));
      dialog.setAttribute("aria-label", name || dialog.dataset.enlarge);
      dialog.showModal();
    });
  }

  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("button")) dialog.close();
  });
  dialog.addEventListener("close", () => stage.replaceChildren());
})();

// Material's search box listens for keys only: an input method, or pasting, need press none.
document.addEventListener("input", ({ target }) => {
  if (target.matches(".md-search__input")) target.dispatchEvent(new KeyboardEvent("keyup"));
});

// What scrolls sideways, such as a wide table or formula, is scrolled by keyboard, too. Short formulas
// are not asked: each may stand in a section that would have to be laid out for the answer.
addEventListener("load", () => {
  const boxes = [...document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset math")];
  const long = boxes.filter((box) => box.textContent.length > 30);
  for (const box of long.filter((box) => box.scrollWidth > box.clientWidth + 12)) box.tabIndex = 0;
});

// Where search finds nothing, it says what it shows instead: the worker tells all pages that are open,
// and the one where that was typed shows it.
new BroadcastChannel("literate-search").onmessage = ({ data: { query, meant } }) => {
  const line = document.querySelector("[data-meant]");
  if (!line || document.querySelector(".md-search__input").value.trim() !== query.trim()) return;
  line.hidden = meant === null;
  const words = { typed: query.trim(), meant };
  line.textContent = meant && line.dataset.meant.replace(/\{(typed|meant)\}/g, (_, name) => words[name]);
};
