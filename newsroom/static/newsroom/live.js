// An open page with live updates asks for what is new, see newsroom/live/views.py. It says so to
// those who hear it, and moves nothing below whoever reads. Without it a link asks.
"use strict";

const SECONDS = 10;
const MOST_SECONDS = 120; // while nobody looks at the page

const live = document.querySelector("[data-live]");

function follow() {
  const told = live.querySelector("[data-told]");
  const list = live.querySelector("[data-entries]");
  let next = live.dataset.live;
  let seconds = SECONDS;
  let timer = 0;

  function later() {
    const wait = seconds * (0.8 + Math.random() * 0.4); // not all readers at once
    clearTimeout(timer); // two may have asked at once
    timer = setTimeout(ask, wait * 1000);
  }

  async function ask() {
    let answer;
    try {
      answer = await fetch(next, { credentials: "omit" });
    } catch {
      answer = { ok: false, status: 0 };
    }
    if (answer.status === 404) return; // taken down: nothing will come
    if (answer.ok && take(await answer.text())) return;
    const slower = document.hidden || !answer.ok;
    seconds = slower ? Math.min(seconds * 2, MOST_SECONDS) : SECONDS;
    later();
  }

  // True when that was all.
  function take(html) {
    const news = new DOMParser().parseFromString(html, "text/html").querySelector("[data-next]");
    if (!news) return true;
    const words = news.querySelector("[data-said]");
    for (const entry of [...news.querySelectorAll("[data-entry]")].reverse()) put(entry);
    for (const gone of news.querySelectorAll("[data-gone]")) {
      document.getElementById(`entry-${gone.dataset.gone}`)?.remove();
    }
    const points = news.querySelector("[data-points]");
    if (points && points.innerHTML !== live.querySelector("[data-points]").innerHTML) {
      live.querySelector("[data-points]").replaceWith(points);
    }
    if (words) told.replaceChildren(...words.childNodes);
    next = news.dataset.next;
    return "over" in news.dataset;
  }

  // In the order of their numbers. One that is older than all that are here stands on a later page.
  function put(entry) {
    const number = Number(entry.dataset.entry);
    const there = document.getElementById(entry.id);
    if (there) return there.replaceWith(entry);
    const all = [...list.querySelectorAll("[data-entry]")];
    const below = all.find((one) => Number(one.dataset.entry) < number);
    if (!below && all.length) return;
    list.querySelector(".empty")?.remove();
    entry.classList.add("entry-new");
    list.insertBefore(entry, below || null);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden || seconds === SECONDS) return;
    seconds = SECONDS;
    clearTimeout(timer);
    ask();
  });
  live.querySelector("[data-refresh]").hidden = true;
  later();
}

if (live) follow();
