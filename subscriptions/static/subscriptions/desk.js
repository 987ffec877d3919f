// Watches a running mailing: fetches the progress each second until it stands still.
"use strict";
const box = document.querySelector("[data-progress]");

async function watch() {
  try {
    const answer = await fetch(box.dataset.progress, { credentials: "same-origin" });
    if (answer.ok) box.innerHTML = await answer.text();
  } catch {
    // The network is away for a moment: ask again.
  }
  if (box.querySelector("[data-moving]")) setTimeout(watch, 1000);
  else location.reload();
}

if (box && box.querySelector("[data-moving]")) setTimeout(watch, 1000);

// The checklist follows what is edited in another tab, and what the job finds out about links.
// When the issue itself has changed, the previews have too: begin anew.
const checks = document.querySelector("[data-checklist]");
const version = checks?.querySelector("[data-version]").dataset.version;

async function checkAgain() {
  if (document.hidden) return;
  const open = checks.querySelector("details")?.open;
  try {
    const answer = await fetch(checks.dataset.checklist, { credentials: "same-origin" });
    if (answer.ok) checks.innerHTML = await answer.text();
  } catch {
    return; // the network is away for a moment
  }
  if (checks.querySelector("[data-version]")?.dataset.version !== version) return location.reload();
  if (open) checks.querySelector("details").open = true;
}

if (checks) {
  setInterval(checkAgain, 5000);
  document.addEventListener("visibilitychange", checkAgain);
}

// How long until an hour: each second in the last hour's seconds, days and hours before.
function until(moment) {
  let seconds = Math.round((moment - Date.now()) / 1000);
  if (seconds <= 0) return "now";
  const parts = [];
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count || parts.length) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
  }
  return `in ${parts.slice(0, 3).join(", ")}`;
}

const countdowns = document.querySelectorAll("[data-countdown]");
function tick() {
  for (const time of countdowns) time.textContent = until(new Date(time.dateTime));
}
if (countdowns.length) {
  tick();
  setInterval(tick, 1000);
}
