// Keeps a page up to date: when events come, the same page is fetched again, and what is marked with data-live is copied from it
// as text or number. When other things are marked than before, the page is loaded anew. Without this script all still works.
"use strict";
(() => {
  const main = document.querySelector("[data-events]");
  const note = document.getElementById("updates");
  const button = document.getElementById("pause");
  if (!main || !note || !button || !window.EventSource) return;

  const pause = 5000; // milliseconds from one renewal to the next, at least
  let source = null;
  let isPaused = false;
  let timer = null;

  function say(text) {
    if (note.textContent !== text) note.textContent = text;
  }

  function parts(root) {
    return new Map([...root.querySelectorAll("[data-live]")].map((part) => [part.dataset.live, part]));
  }

  // Copies each part; false when there are others than before.
  function copy(page) {
    const fresh = parts(page);
    const shown = parts(document);
    if (fresh.size !== shown.size || [...fresh.keys()].some((key) => !shown.has(key))) return false;
    for (const [key, part] of fresh) {
      const target = shown.get(key);
      if (part.localName === "progress" || part.localName === "input") {
        if (target.value !== part.value) target.value = part.value;
      } else if (target.textContent !== part.textContent) {
        target.textContent = part.textContent;
        if (part.localName === "time") target.dateTime = part.dateTime;
      }
    }
    return true;
  }

  function isTyping() {
    return document.activeElement?.matches("input, select, textarea") ?? false;
  }

  async function renew() {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.status >= 500) return say("The Scheduler cannot answer now.");
      const isSame = answer.ok && !answer.redirected;
      if (isPaused || (isSame && copy(new DOMParser().parseFromString(await answer.text(), "text/html")))) return;
      if (isTyping()) say("The page has changed: load it again.");
      else location.reload();
    } catch {
      say("The Scheduler does not answer.");
    }
  }

  function soon() {
    if (timer !== null) return;
    timer = setTimeout(async () => {
      await renew();
      timer = null;
    }, pause);
  }

  function stop() {
    source?.close();
    source = null;
  }

  function follow() {
    if (source || isPaused || document.hidden) return;
    source = new EventSource(main.dataset.events);
    // What happened before the first event, or between two connections, is in the page itself.
    source.onopen = () => {
      say("Updates as they happen.");
      soon();
    };
    for (const type of ["status", "progress", "repository", "gap"]) source.addEventListener(type, soon);
    source.onerror = () => say("Updates have stopped; trying again.");
  }

  button.hidden = false;
  button.addEventListener("click", () => {
    isPaused = !isPaused;
    button.textContent = isPaused ? "Resume updates" : "Pause updates";
    stop();
    if (isPaused) say("Updates are paused.");
    else follow();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : follow()));
  follow();
})();
