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
    for (const block of stream().getState()) {
      const chosen = block.value?.article;
      if (chosen) inIt.add(String(chosen.id ?? chosen));
    }
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

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add]");
    if (!button) return;
    const { add, title, edit } = button.dataset;
    const body = stream();
    body.insert(
      {
        type: "article",
        value: {
          article: { id: Number(add), adminTitle: title, editUrl: edit, parentId: null },
          headline: "", teaser: "", image: null, full_text: false,
        },
      },
      body.children.length,
      { animate: true, focus: false },
    );
    said.textContent = `“${title}” is at the end of the content.`;
    markThoseInIt();
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
