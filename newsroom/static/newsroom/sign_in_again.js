// Who types for longer than their session lasts signs in again on the same page, so what they typed
// is not lost. It stays in this page's memory: a draft on a disk can be seized.
"use strict";
(() => {
  const { state, signIn } = document.currentScript.dataset;
  const FIELDS = "textarea, select, input:not([type=hidden], [type=submit])";
  const sending = new WeakSet(); // forms that were asked about, and may go
  const waiting = new WeakSet(); // forms that are being asked about
  let open = null; // the promise of the dialog that is open
  let putOff = false; // they closed it: ask again when they save, not while they type

  // True, with a token that is good now; false; an error when the server can't be reached.
  async function signedIn() {
    const answer = await fetch(state);
    if (answer.redirected) return false; // by the gate: a step is missing
    const { token } = await answer.json();
    if (!token) return false;
    window.wagtailConfig.CSRF_TOKEN = token;
    for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
      input.value = token;
    }
    return true;
  }

  async function ready() {
    try {
      if (await signedIn()) return true;
    } catch {
      return ask("The server can’t be reached. What you typed is still on this page.", "");
    }
    return ask(
      "You are signed out. What you typed is still on this page: sign in to go on.",
      `${signIn}?next=${encodeURIComponent(state)}`,
    );
  }

  // Opens the dialog; true once they are signed in, false when they close it.
  function ask(words, address) {
    open ||= new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      dialog.className = "sign-in-again";
      const text = Object.assign(document.createElement("p"), { textContent: words });
      text.id = "sign-in-again";
      dialog.setAttribute("aria-labelledby", text.id);
      const frame = Object.assign(document.createElement("iframe"), { title: "Sign in" });
      const close = Object.assign(document.createElement("button"), {
        type: "button",
        className: "button button-secondary",
        textContent: address ? "Not now" : "Close",
      });
      let good = false;
      frame.hidden = !address;
      frame.addEventListener("load", async () => {
        good = await signedIn().catch(() => false);
        if (good) dialog.close();
      });
      close.addEventListener("click", () => dialog.close());
      dialog.addEventListener("close", () => {
        dialog.remove();
        open = null;
        putOff = !good;
        resolve(good);
      });
      if (address) frame.src = address;
      dialog.append(text, frame, close);
      document.body.append(dialog);
      dialog.showModal();
    });
    return open;
  }

  // Sent as the button would have sent it, which may be disabled by now, or replaced.
  function send(form, button) {
    const pressed = document.createElement("input");
    Object.assign(pressed, { type: "hidden", name: button?.name || "", value: button?.value || "" });
    form.append(pressed);
    sending.add(form);
    form.requestSubmit();
    pressed.remove();
  }

  document.addEventListener(
    "submit",
    async (event) => {
      const form = event.target;
      if (sending.delete(form) || document.body.matches(".login")) return;
      const posts = form.getAttribute("method")?.toLowerCase() === "post";
      if (!posts || !form.querySelector(FIELDS)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (waiting.has(form)) return;
      waiting.add(form);
      const good = await ready();
      waiting.delete(form);
      if (good) send(form, event.submitter);
      else form.dataset.wAutosaveActiveValue = "true"; // which admin.js turned off for this press
    },
    true,
  );

  // Wagtail saves while they type; its answer to who is signed out is a page that it can't read.
  document.addEventListener("w-autosave:error", async (event) => {
    if (event.detail.type !== "server_error" || open || putOff) return;
    if (await signedIn().catch(() => true)) return; // another failure: its own words are shown
    if (await ready()) event.target.dispatchEvent(new CustomEvent("w-unsaved:add"));
  });
})();
