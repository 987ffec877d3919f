// Improves forms that work without it: the answer comes into the box instead of on a new page.
"use strict";

async function send(form) {
  const button = form.querySelector("button");
  const box = form.closest("[data-answer]");
  const name = form.dataset.inline;
  button.disabled = true;
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  } catch {
    button.disabled = false;
    form.submit(); // let the browser show what is wrong with the network
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.querySelector(`[data-answer="${name}"]`);
  if (form.dataset.thanks && answer.ok) {
    const note = document.createElement("p");
    note.className = "box";
    note.role = "status";
    note.textContent = form.dataset.thanks;
    box.replaceWith(note);
    note.tabIndex = -1;
    note.focus();
  } else if (found) {
    if (form.dataset.thanks && box.querySelector("details")) {
      form.replaceWith(found.querySelector("form"));
    } else {
      box.replaceWith(found);
    }
    const first = document.querySelector(`[data-answer="${name}"] [role=alert]`) || found;
    first.tabIndex = -1;
    first.focus();
  } else {
    form.submit();
  }
}

document.addEventListener("submit", (event) => {
  if (event.target.dataset.inline) {
    event.preventDefault();
    send(event.target);
  }
});

// One more reader of this article: its number and nothing else, see newsroom/publishing/reads.py.
const article = document.querySelector("[data-article]");
if (article) fetch(`/read/${article.dataset.article}/`, { method: "POST", credentials: "omit", keepalive: true });
