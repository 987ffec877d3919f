// Improves forms that work without it: the answer comes into the box instead of on a new page.
"use strict";

async function send(form, pressed) {
  const button = pressed || form.querySelector("button");
  const box = form.closest("[data-answer]");
  const name = form.dataset.inline;
  const said = new URLSearchParams(new FormData(form));
  if (pressed?.name) said.append(pressed.name, pressed.value);
  button.disabled = true;
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body: said });
  } catch {
    button.disabled = false;
    form.submit(); // let the browser show what is wrong with the network
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.querySelector(`[data-answer="${name}"]`);
  if (!found) return form.submit();
  // Of what was wrong only the form comes back, into its own box: a page may have several.
  const again = found.querySelector(`form[data-inline="${name}"]`);
  const shown = again || found;
  (again ? form : box).replaceWith(shown);
  lookAt(shown.querySelector("[aria-invalid], [data-working], [role=alert]") || shown);
  work(again, send);
}

// Where a reader goes on after something has been changed around them.
function lookAt(place) {
  if (!place.matches("input, select, textarea")) place.tabIndex = -1;
  place.focus();
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
    send(event.target, event.submitter);
  }
});

// Passing an article on: what needs a script is shown only where it works.
const share = document.querySelector("[data-share-url]");
if (share) {
  const { shareTitle: title, shareUrl: url } = share.dataset;
  const offer = (button, does) => {
    button.parentElement.hidden = false;
    button.addEventListener("click", does);
  };
  if (navigator.clipboard) {
    const copy = share.querySelector("[data-copy]");
    offer(copy, async () => {
      await navigator.clipboard.writeText(url);
      share.querySelector("[role=status]").textContent = copy.dataset.copy;
    });
  }
  if (navigator.share) {
    offer(share.querySelector("[data-pass-on]"), () => navigator.share({ title, url }).catch(() => {}));
  }
}

// The size of the text, as this browser remembers it: one number, for nobody else.
const root = document.documentElement;
const sizes = document.querySelector(".text-size");

function setSize(size) {
  root.dataset.text = size;
  for (const button of sizes?.children || []) {
    const next = size + Number(button.dataset.textSize);
    button.disabled = next < -1 || next > 3;
  }
}

try {
  setSize(Math.min(3, Math.max(-1, Math.trunc(Number(localStorage.getItem("text"))) || 0)));
  if (sizes) sizes.hidden = false;
  sizes?.addEventListener("click", (event) => {
    const by = Number(event.target.dataset.textSize);
    if (!by) return;
    setSize(Number(root.dataset.text) + by);
    if (root.dataset.text === "0") localStorage.removeItem("text");
    else localStorage.setItem("text", root.dataset.text);
  });
} catch {
  // A browser that keeps nothing: it has a zoom of its own.
}

// One more reader of this article: its number and nothing else, see newsroom/publishing/reads.py.
const article = document.querySelector("[data-article]");
if (article) fetch(`/read/${article.dataset.article}/`, { method: "POST", credentials: "omit", keepalive: true });
