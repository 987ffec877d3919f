// Improves the giving form, which works without it: no page is loaded until Stripe's.
"use strict";

// Typing an own amount and choosing a suggested one exclude each other.
document.addEventListener("change", (event) => {
  const own = event.target.form?.elements.own_amount;
  if (own && event.target.name.startsWith("amount_")) own.value = "";
});

// One id per visit of a form: pressing twice, or coming back and pressing again, is one checkout.
for (const field of document.querySelectorAll("[data-fresh-id]")) {
  const id = field.value || history.state?.formId || crypto.randomUUID?.() || "";
  history.replaceState({ ...history.state, formId: id }, "");
  field.value = id;
}

// What an amount comes to in a day, and what the fee adds. Without this the page says less.
function show(form, smallest) {
  const { symbol, decimals } = form.dataset;
  const text = (smallest / 10 ** decimals).toFixed(decimals);
  const amount = symbol + (decimals > 0 ? text.replace(/[.]0+$/, "") : text);
  return document.dir === "rtl" ? `\u2068${amount}\u2069` : amount; // keeps its own direction
}

function tell(form) {
  const data = new FormData(form);
  const frequency = data.get("frequency");
  const typed = (data.get("own_amount") || data.get(`amount_${frequency}`) || "").replace(",", ".");
  const amount = /^[0-9]+([.][0-9]+)?$/.test(typed) ? Number(typed) * 10 ** form.dataset.decimals : 0;
  const perDay = form.querySelector("[data-per-day]");
  const days = { monthly: 365 / 12, annual: 365 }[frequency];
  perDay.hidden = !amount || !days;
  if (!perDay.hidden) perDay.textContent = perDay.dataset.perDay.replace("{amount}", show(form, Math.ceil(amount / days)));
  const share = Number(form.dataset.feePercent) / 100;
  const fee = Math.ceil((amount + Number(form.dataset.fee)) / (1 - share)) - amount;
  const more = form.querySelector("[data-fee-text]");
  more.textContent = amount ? more.dataset.feeText.replace("{amount}", show(form, fee)) : "";
}

// The giving form stays on its page until Stripe: currencies, corrections and work come into it.
function replaceGive(form, text) {
  const found = new DOMParser().parseFromString(text, "text/html").querySelector("form.give");
  if (!found) return false;
  found.elements.checkout.value = form.elements.checkout.value;
  for (const box of form.querySelectorAll("[type=checkbox]")) {
    found.elements[box.name].checked = box.checked;
  }
  form.replaceWith(found);
  prepare(found);
  const problem = found.querySelector("[role=alert], [role=status]");
  if (problem) {
    problem.tabIndex = -1;
    problem.focus();
  }
  return true;
}

async function give(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
    });
    if (answer.ok) {
      location.assign((await answer.json()).url);
      return;
    }
    if (replaceGive(form, await answer.text())) return;
  } catch {
    // let the browser show what is wrong with the network
  }
  button.disabled = false;
  form.submit();
}

function prepare(form) {
  form.addEventListener("input", () => tell(form));
  form.addEventListener("change", () => tell(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    give(form);
  });
  form.addEventListener("click", async (event) => {
    const link = event.target.closest(".currencies a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const chosen = new FormData(form).get("frequency");
    const url = new URL(link.href);
    url.searchParams.set("frequency", chosen);
    try {
      if (replaceGive(form, await (await fetch(url)).text())) return;
    } catch {
      // as without JavaScript
    }
    location.assign(url);
  });
  tell(form);
  work(form, () => give(form));
}

for (const form of document.querySelectorAll("form.give")) prepare(form);

// Coming back from Stripe: the page is as it was left, its button has to work again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("form.give button")) button.disabled = false;
});
