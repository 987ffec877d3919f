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
const checks = document.querySelector("[data-checklist]");

async function checkAgain() {
  if (document.hidden) return;
  const open = checks.querySelector("details")?.open;
  try {
    const answer = await fetch(checks.dataset.checklist, { credentials: "same-origin" });
    if (answer.ok) checks.innerHTML = await answer.text();
  } catch {
    return; // the network is away for a moment
  }
  if (open) checks.querySelector("details").open = true;
}

if (checks) {
  setInterval(checkAgain, 15000);
  document.addEventListener("visibilitychange", checkAgain);
}
