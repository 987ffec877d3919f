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
    const shown = document.querySelector(`[data-answer="${name}"]`);
    const first = shown.querySelector("[role=alert], [data-working]") || found;
    first.tabIndex = -1;
    first.focus();
    work(shown.querySelector("[data-work]"), send);
  } else {
    form.submit();
  }
}

// Proof of work, asked for while machines fill in forms: a nonce whose SHA-256 begins with zeros.
// Without HTTPS a browser can't do it: then one waits, as the page says.
async function work(form, done) {
  if (!form?.dataset.work || !crypto.subtle) return;
  const button = form.querySelector("button");
  const bits = Number(form.dataset.work);
  const note = form.querySelector("[data-working]");
  note.textContent = note.dataset.working;
  button.disabled = true;
  const prefix = form.elements.challenge.value + ":";
  for (let nonce = 0; ; nonce += 1) {
    const bytes = new TextEncoder().encode(prefix + nonce);
    const digest = new DataView(await crypto.subtle.digest("SHA-256", bytes));
    if (digest.getUint32(0) >>> (32 - bits) === 0) {
      form.elements.work.value = nonce;
      done(form);
      return;
    }
  }
}

for (const form of document.querySelectorAll("form[data-work]:not(.give)")) {
  work(form, (worked) => (worked.dataset.inline ? send(worked) : worked.submit()));
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
