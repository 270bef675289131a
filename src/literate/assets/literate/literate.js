// The language switcher keeps the reader's place: it leads to the section that is on the screen.
(() => {
  const header = () => document.querySelector(".md-header")?.offsetHeight ?? 0;

  // The last anchor that has reached the top of what is visible; none at the top of the page.
  const currentSection = () => {
    if (window.scrollY < header()) return "";
    const limit = header() + 80;
    let current = "";
    for (const element of document.querySelectorAll("article :is(h1, h2, h3, h4, h5, h6, section)[id]")) {
      if (element.getBoundingClientRect().top > limit) break;
      current = nameOf(element);
    }
    return current;
  };

  // The first heading of a definition's section stands for the section.
  const nameOf = (element) => {
    const section = element.closest("section[id]");
    return section && section.querySelector("h1, h2, h3, h4, h5, h6") === element ? section.id : element.id;
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
    const link = event.target.closest?.(".md-select__link[hreflang]");
    if (!link) return;
    const section = place();
    link.hash = section ? `#${encodeURIComponent(section)}` : "";
  }, true);
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
