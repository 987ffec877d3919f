// Wagtail saves by itself, half a second after the last change. What is pressed or written while
// that is on its way must neither be saved twice nor be lost.
"use strict";

// A press on “Save” or “Publish” while Wagtail saves by itself: the form waits for it, and nothing
// is saved by itself any more. Otherwise a new page would be made twice.
async function submitAlone(event) {
  const form = event.target;
  const autosave = wagtail.app.getControllerForElementAndIdentifier(form, "w-autosave");
  if (!autosave) return;
  autosave.activeValue = false;
  if (!autosave.submitPromise) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  await autosave.submitPromise;
  const pressed = event.submitter;
  if (pressed) pressed.disabled = false; // which action was meant is in its name
  form.requestSubmit(pressed);
}
document.addEventListener("submit", submitAlone, true);

// What it answers replaces all comments on the page: also one that somebody is writing, or has
// resolved, since the form was sent, and a menu that is open. Then these stay, and each new one only
// learns its number, and that its text is saved.
let sent = "";
const commentsIn = (form) => JSON.stringify([...form].filter(([name]) => name.startsWith("comments-")));
const isBeingWritten = ({ mode, newReply }) => mode !== "default" || newReply !== "";

function keepComments(event) {
  const app = window.comments?.commentApp;
  const saved = event.detail.data?.comments?.comments;
  if (!app || !saved) return;
  const here = [...app.store.getState().comments.comments.values()];
  const unchanged = commentsIn(new FormData(event.target)) === sent;
  const menu = document.querySelector(".comment details[open]");
  if (unchanged && !menu && !here.some(isBeingWritten)) return;
  const { addComment, addReply } = app.actions;
  const number = (comment) => app.store.dispatch(addComment(comment));
  const place = (one) => `${one.contentpath} ${one.position}`;
  for (const comment of saved) {
    const known = learn(here, comment, place, number);
    if (!known) continue;
    const numberReply = (reply) => app.store.dispatch(addReply(known.localId, reply));
    const replies = [...known.replies.values()];
    for (const reply of comment.replies) learn(replies, reply, (one) => one.text, numberReply);
  }
  delete event.detail.data.comments;
}

// Which of those here was saved; a new one is told apart by its key, and gets its number.
function learn(here, saved, key, number) {
  const known = here.find((one) => one.remoteId === saved.pk);
  if (known) return known;
  const place = here.findIndex((one) => one.remoteId === null && key(one) === key(saved));
  if (place < 0) return null;
  here[place] = { ...here[place], remoteId: saved.pk, originalText: saved.text };
  number(here[place]);
  return here[place];
}

document.addEventListener("w-autosave:save", ({ detail }) => (sent = commentsIn(detail.formData)), true);
document.addEventListener("w-autosave:success", keepComments, true); // before Wagtail's own listener
