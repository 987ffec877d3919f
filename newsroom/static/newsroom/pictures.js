// Pictures in the editor: beside each chooser how the picture is cut, and its words. They are the
// picture's, not the page's: saved by a button of their own, without leaving the page.
"use strict";

(() => {
  const address = document.currentScript.dataset.beside; // “…/0/…”

  // Wagtail's “fill” keeps the point where it is in relation to the edges: so does object-position.
  function cut(part, across, down) {
    for (const image of part.querySelectorAll(".crop")) {
      image.style.aspectRatio = `${image.dataset.width} / ${image.dataset.height}`;
      image.style.objectPosition = `${across}% ${down}%`;
    }
    const mark = part.querySelector(".beside-mark");
    if (mark) Object.assign(mark.style, { left: `${across}%`, top: `${down}%` });
  }

  function fields(part) {
    return part.querySelectorAll("input[name], textarea[name]");
  }

  function show(place, html, pk) {
    const part = new DOMParser().parseFromString(html, "text/html").querySelector(".beside-part");
    if (!part) return;
    place.querySelector(".beside-part")?.remove();
    place.append(part);
    const [across, down] = ["across", "down"].map((name) => part.querySelector(`[name=${name}]`));
    const move = () => across && cut(part, across.value, down.value);
    move();
    part.addEventListener("input", move);
    // Nothing of it is the page's: neither a change that would be saved, nor one to be warned of.
    for (const kind of ["input", "change", "keyup"]) part.addEventListener(kind, (event) => event.stopPropagation());
    part.querySelector(".beside-whole")?.addEventListener("click", (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      across.value = Math.round((100 * (event.clientX - box.left)) / box.width);
      down.value = Math.round((100 * (event.clientY - box.top)) / box.height);
      move();
    });
    part.querySelector("[data-save]")?.addEventListener("click", () => save(place, part, pk));
  }

  async function save(place, part, pk) {
    const said = new URLSearchParams();
    for (const field of fields(part)) {
      if (field.type !== "checkbox" || field.checked) said.append(field.name, field.value);
    }
    const button = part.querySelector("[data-save]");
    const status = part.querySelector("[role=status]");
    button.disabled = true;
    status.textContent = "Saving …";
    const { CSRF_HEADER_NAME, CSRF_TOKEN } = window.wagtailConfig || {};
    try {
      const headers = { [CSRF_HEADER_NAME]: CSRF_TOKEN };
      const answer = await fetch(address.replace("/0/", `/${pk}/`), { method: "POST", body: said, headers });
      if (answer.redirected || (!answer.ok && answer.status !== 422)) throw new Error(String(answer.status));
      show(place, await answer.text(), pk);
      place.querySelector("[data-save]")?.focus();
    } catch {
      button.disabled = false;
      status.textContent = "Not saved. Please try again.";
    }
  }

  async function load(place, pk) {
    const answer = await fetch(address.replace("/0/", `/${pk}/`));
    if (answer.ok && !answer.redirected) show(place, await answer.text(), pk);
  }

  // Once per chooser, and again when another picture is chosen there.
  function lookAt(preview) {
    const chooser = preview.closest(".chooser");
    const input = chooser.parentElement.querySelector(":scope > input[type=hidden]");
    const before = chooser.nextElementSibling;
    const isNew = !preview.dataset.beside; // as the page came, or just added with a block
    if (preview.dataset.beside === input?.value) return;
    preview.dataset.beside = input?.value || "none";
    if (before?.matches(".beside")) before.remove();
    if (!input?.value) return;
    const place = document.createElement("details");
    place.className = "beside";
    place.innerHTML = "<summary>How it is cut, its description and credit</summary>";
    place.addEventListener("toggle", () => {
      if (place.open && !place.querySelector(".beside-part")) load(place, input.value);
    });
    chooser.after(place);
    place.open = !isNew;
  }

  function lookAround() {
    document.querySelectorAll("[data-chooser-image]").forEach(lookAt);
  }

  function editPage() {
    const part = document.querySelector("[data-edit-width]");
    if (!part) return;
    const value = (name, all) => (100 * document.querySelector(`.focal_point_${name}`).value) / all;
    const has = () => document.querySelector(".focal_point_x").value !== "";
    const { editWidth, editHeight } = part.dataset;
    const move = () => cut(part, has() ? value("x", editWidth) : 50, has() ? value("y", editHeight) : 50);
    move();
    for (const kind of ["pointerup", "mouseup", "keyup", "click"]) {
      document.addEventListener(kind, () => setTimeout(move));
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    editPage();
    lookAround();
    new MutationObserver(lookAround).observe(document.body, {
      subtree: true, childList: true, attributes: true, attributeFilter: ["src", "value"],
    });
  });
})();
