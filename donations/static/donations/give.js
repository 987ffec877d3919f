// Improves the giving form, which works without it: no page is loaded until Stripe's.
"use strict";

// Typing an own amount and choosing a suggested one exclude each other.
document.addEventListener("change", (event) => {
  const own = event.target.form?.elements.namedItem("give-own");
  if (own && event.target.name.startsWith("amount_")) own.value = "";
});
document.addEventListener("input", ({ target }) => {
  if (target.id !== "give-own") return;
  const amounts = target.form.querySelectorAll(".amount input");
  for (const amount of amounts) amount.checked = !target.value.trim() && "suggested" in amount.dataset;
});

// “Another time” is meant by choosing one. What was chosen above goes along with “later”.
document.addEventListener("change", ({ target }) => {
  if (target.name === "other" && target.value) target.form.querySelector("[value=other]").checked = true;
});
document.addEventListener("submit", ({ target }) => {
  const give = document.querySelector("form.give");
  if (!give || !target.matches("form.later")) return;
  const chosen = new FormData(give);
  const amount = chosen.get("own_amount") || chosen.get(`amount_${chosen.get("frequency")}`) || "";
  Object.entries({ frequency: chosen.get("frequency"), currency: chosen.get("currency"), amount })
    .forEach(([name, value]) => { if (value) target.elements[name].value = value; });
}, true);

// One id per visit of a form: pressing twice, or coming back and pressing again, is one checkout.
for (const field of document.querySelectorAll("[data-fresh-id]")) {
  const id = field.value || history.state?.formId || crypto.randomUUID?.() || "";
  history.replaceState({ ...history.state, formId: id }, "");
  field.value = id;
}

// What an amount comes to in a day, and what the fee adds. Without this the page says less.
function show(form, smallest) {
  const { before, after, group, point, symbol, decimals } = form.dataset;
  const [whole, fraction = ""] = (smallest / 10 ** decimals).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
  const number = grouped + (Number(fraction) ? point + fraction : "");
  const amount = before.replace("\u00a4", symbol) + number + after.replace("\u00a4", symbol);
  return document.dir === "rtl" ? `\u2068${amount}\u2069` : amount; // keeps its own direction
}

// What the server takes without a question (donations/money.py), or nothing.
function read(form, typed) {
  const latin = typed
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => digit.charCodeAt(0) % 16)
    .normalize("NFKC")
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
  const number = latin.replace(form.dataset.symbol, "").trim().replace("\u066b", ".");
  const grouped = /^[1-9]\d{0,2}([ '\u2019.,\u066c])\d{3}(\1\d{3})*([.,]\d{1,2})?$/.exec(number);
  const clear = grouped && (!".,".includes(grouped[1]) || grouped[2] || grouped[3] || form.dataset.decimals === "0");
  if (clear && grouped[3]?.[0] !== grouped[1]) return Number(number.replaceAll(grouped[1], "").replace(",", "."));
  return /^\d+([.,]\d{1,2})?$/.test(number) ? Number(number.replace(",", ".")) : 0;
}

function tell(form) {
  const data = new FormData(form);
  const frequency = data.get("frequency");
  const typed = data.get("own_amount") || data.get(`amount_${frequency}`) || "";
  const amount = Math.round(read(form, typed) * 10 ** form.dataset.decimals);
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
  const page = new DOMParser().parseFromString(text, "text/html");
  const found = page.querySelector("form.give");
  if (!found) return false;
  for (const said of document.querySelectorAll("[data-said]")) {
    const now = page.querySelector(`[data-said="${said.dataset.said}"]`);
    if (now) said.textContent = now.textContent;
  }
  found.elements.checkout.value = form.elements.checkout.value;
  for (const box of form.querySelectorAll("[type=checkbox]")) {
    found.elements[box.name].checked = box.checked;
  }
  found.querySelector("details").open = form.querySelector("details").open;
  form.replaceWith(found);
  prepare(found);
  const problem = found.querySelector("[aria-invalid], [role=alert], [role=status]");
  if (problem) lookAt(problem);
  return true;
}

async function give(form, pressed) {
  const data = new FormData(form);
  if (pressed?.name) data.set(pressed.name, pressed.value); // which of two amounts was meant
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(data),
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
  for (const button of buttons) button.disabled = false;
  form.submit();
}

function prepare(form) {
  form.addEventListener("input", () => tell(form));
  form.addEventListener("change", () => tell(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    give(form, event.submitter);
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
