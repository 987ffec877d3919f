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
  if (name === "ask" && answer.ok) {
    const note = document.createElement("p");
    note.className = "box";
    note.role = "status";
    note.textContent = "Thank you. We will get back to you.";
    box.replaceWith(note);
    note.tabIndex = -1;
    note.focus();
  } else if (found) {
    if (name === "ask" && box.querySelector("details")) {
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

// Typing an own amount and choosing a suggested one exclude each other.
document.addEventListener("change", (event) => {
  const own = event.target.form?.elements.own_amount;
  if (own && event.target.name.startsWith("amount_")) own.value = "";
});

// One id per visit of a form: pressing twice, or coming back and pressing again, is one gift.
for (const field of document.querySelectorAll("[data-fresh-id]")) {
  const id = field.value || history.state?.formId || crypto.randomUUID?.() || "";
  history.replaceState({ ...history.state, formId: id }, "");
  field.value = id;
}

// What an amount comes to in a day, and what the fee adds. Without this the page says less.
function show(form, smallest) {
  const { symbol, decimals } = form.dataset;
  const text = (smallest / 10 ** decimals).toFixed(decimals);
  return symbol + (decimals > 0 ? text.replace(/[.]0+$/, "") : text);
}

function tell(form) {
  const data = new FormData(form);
  const frequency = data.get("frequency");
  const typed = (data.get("own_amount") || data.get(`amount_${frequency}`) || "").replace(",", ".");
  const amount = /^[0-9]+([.][0-9]+)?$/.test(typed) ? Number(typed) * 10 ** form.dataset.decimals : 0;
  const perDay = form.querySelector("[data-per-day]");
  const days = { monthly: 365 / 12, annual: 365 }[frequency];
  perDay.hidden = !amount || !days;
  if (!perDay.hidden) perDay.textContent = `That is ${show(form, Math.ceil(amount / days))} a day.`;
  const share = Number(form.dataset.feePercent) / 100;
  const fee = Math.ceil((amount + Number(form.dataset.fee)) / (1 - share)) - amount;
  form.querySelector("[data-fee-text]").textContent = amount ? `: about ${show(form, fee)} more` : "";
}

for (const form of document.querySelectorAll("form.give")) {
  form.addEventListener("input", () => tell(form));
  form.addEventListener("change", () => tell(form));
  tell(form);
}

// Proof of work, asked for while card thieves are at it: a nonce whose SHA-256 begins with zeros.
async function work(form) {
  const button = form.querySelector("button");
  const note = form.querySelector("[data-working]");
  const bits = Number(form.dataset.work);
  note.textContent = "One moment: your browser is doing a sum, so that machines can't try stolen cards here.";
  button.disabled = true;
  const prefix = form.elements.challenge.value + ":";
  for (let nonce = 0; ; nonce += 1) {
    const bytes = new TextEncoder().encode(prefix + nonce);
    const digest = new DataView(await crypto.subtle.digest("SHA-256", bytes));
    if (digest.getUint32(0) >>> (32 - bits) === 0) {
      form.elements.work.value = nonce;
      button.disabled = false;
      form.submit();
      return;
    }
  }
}

for (const form of document.querySelectorAll("form[data-work]")) {
  if (crypto.subtle) work(form); // not there without HTTPS: then the reader waits
}
