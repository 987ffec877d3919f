// The panel beside an issue's editor: articles that were published, added to its content with one
// click. Wagtail's client-side panel API gives the stream.
"use strict";
(() => {
  const panel = document.querySelector("[data-published]");
  if (!panel) return;
  const list = panel.querySelector("[data-published-list]");
  const said = panel.querySelector("[data-published-said]");
  const search = panel.querySelector("[data-published-search]");

  const stream = () => window.wagtail.editHandler.getPanelByName("body").getBoundWidget();

  function markThoseInIt() {
    const inIt = new Set();
    for (const piece of stream().getState()) inIt.add(idOf(piece));
    for (const button of list.querySelectorAll("[data-add]")) {
      const there = inIt.has(button.dataset.add);
      button.disabled = there;
      button.textContent = there ? "In it" : "Add";
    }
  }

  async function show() {
    const url = `${panel.dataset.published}?q=${encodeURIComponent(search.value)}`;
    try {
      const answer = await fetch(url, { credentials: "same-origin" });
      if (answer.ok) list.innerHTML = await answer.text();
    } catch {
      said.textContent = "The list could not be fetched. Try again in a moment.";
      return;
    }
    markThoseInIt();
  }

  const plain = (words) => words.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();
  const isHeading = (piece) => piece.type === "section";
  const idOf = (piece) => String(piece.value?.article?.id ?? piece.value?.article ?? "");

  // Where the heading stands that an article belongs below: one that is named so; else the one with
  // articles of the same section of the site below it, however it was renamed. -1: these stand
  // before the first heading; null: it belongs nowhere yet.
  function headingFor(button, pieces) {
    for (const wanted of button.dataset.headings.split("\n")) {
      const is = (piece) => isHeading(piece) && plain(piece.value) === plain(wanted);
      const found = pieces.findLastIndex(is);
      if (found >= 0) return found;
    }
    const sections = new Map(
      [...list.querySelectorAll("[data-add]")].map(({ dataset }) => [dataset.add, dataset.section]),
    );
    const beside = (piece) => sections.get(idOf(piece)) === button.dataset.section;
    const sibling = pieces.findLastIndex(beside);
    return sibling < 0 ? null : pieces.findLastIndex((piece, at) => at < sibling && isHeading(piece));
  }

  // Add the article at the end of its section; where there is none, below a new heading.
  function add(button) {
    const body = stream();
    const insert = (piece, at) => body.insert(piece, at, { animate: true, focus: false });
    let pieces = body.getState();
    let heading = headingFor(button, pieces);
    if (heading === null && pieces.some(isHeading)) {
      heading = pieces.length;
      insert({ type: "section", value: button.dataset.headings.split("\n")[0] }, heading);
      pieces = body.getState();
    }
    heading ??= -1;
    const next = pieces.findIndex((piece, at) => at > heading && isHeading(piece));
    const { add, title, edit } = button.dataset;
    const article = { id: Number(add), adminTitle: title, editUrl: edit, parentId: null };
    const value = { article, headline: "", teaser: "", image: null, full_text: false };
    insert({ type: "article", value }, next < 0 ? pieces.length : next);
    const top = next < 0 ? "the content" : "what stands before the first heading";
    said.textContent = `“${title}” is at the end of ${heading < 0 ? top : `“${pieces[heading].value}”`}.`;
    markThoseInIt();
  }

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add]");
    if (button) add(button);
  });

  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 300);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it would save the page
  });
  window.addEventListener("load", show);
  // What was taken out, or dragged, meanwhile.
  panel.addEventListener("pointerenter", markThoseInIt);
})();
