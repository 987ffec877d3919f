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
