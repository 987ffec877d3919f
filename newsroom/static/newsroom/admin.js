// Starts Wagtail's widgets, which would start themselves by inline scripts: see
// newsroom/web/starters.py. As with a script, the moment is when the element enters the page.
"use strict";
const STARTERS = /^(init(Date|Time|DateTime)Chooser|\w*Chooser|InlinePanel|MultipleChooserPanel)$/;

class StartWidget extends HTMLElement {
  connectedCallback() {
    const name = this.getAttribute("name");
    if (this.started || !STARTERS.test(name)) return; // nothing else is started from a page's text
    this.started = true;
    new window[name](...JSON.parse(this.getAttribute("arguments")));
  }
}
customElements.define("start-widget", StartWidget);

// Draftail writes the words of its empty lines into <style> elements, which the policy refuses. A
// script gets one that holds the text and styles nothing, and a style sheet follows it; a <style>
// in HTML stays refused.
const createElement = document.createElement;
document.createElement = function (name, ...options) {
  const isStyle = String(name).toLowerCase() === "style";
  const element = createElement.call(this, isStyle ? "noscript" : name, ...options);
  if (isStyle) followWithSheet(element);
  return element;
};

function followWithSheet(element) {
  const sheet = new CSSStyleSheet();
  const follow = () => sheet.replaceSync(element.isConnected ? element.textContent : "");
  const changes = { childList: true, characterData: true, subtree: true };
  new MutationObserver(follow).observe(element, changes);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  queueMicrotask(follow); // once it is in the page
}

// The number beside the checklist's button, when Wagtail has rendered the list anew.
function countOpen() {
  const list = document.querySelector("[data-side-panel=checklist] [data-open]");
  const toggle = document.querySelector("[data-side-panel-toggle=checklist]");
  const counter = toggle?.querySelector("[data-side-panel-toggle-counter]");
  if (!list || !counter) return;
  counter.textContent = list.dataset.open;
  counter.hidden = list.dataset.open === "0";
}
document.addEventListener("w-autosave:success", () => requestAnimationFrame(countOpen));
