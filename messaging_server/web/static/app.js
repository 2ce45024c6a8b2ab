// What pages gain where scripts run. Reading, writing, consent and withdrawal work without any of it (ACC-02).
// Text is only ever set as text: no markup is made here, so nothing needs a Trusted Types policy. Nothing is stored.
"use strict";

(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const one = (selector, root = document) => root.querySelector(selector);

  // --- printing, leaving -----------------------------------------------------------------------------------------
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  for (const exit of all("[data-exit]")) {
    // Replacing leaves no step back to this page (ACK-08).
    exit.addEventListener("click", (event) => {
      event.preventDefault();
      window.location.replace(exit.href);
    });
  }

  // --- errors: the summary is the first thing met ------------------------------------------------------------------
  const summary = one("#summary");
  if (summary) summary.focus();

  // --- a draft is not lost by a slip, and a form is not sent twice -------------------------------------------------
  for (const form of all("form[data-guard]")) {
    let changed = false;
    let sent = false;
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
    });
    window.addEventListener("beforeunload", (event) => {
      if (changed && !sent) event.preventDefault();
    });
    window.addEventListener("pageshow", () => { sent = false; });
  }

  // --- the session's end is announced two minutes before, and can be put off (ACC-03) ------------------------------
  const limit = one('meta[name="session-seconds"]');
  const warning = one("#timeout");
  if (limit && warning) {
    const seconds = Number(limit.content);
    const soon = one("#timeout-words");
    const ended = one("[data-ended]", warning);
    const stay = one("[data-stay]", warning);
    let timers = [];
    const end = () => {
      soon.hidden = true;
      stay.hidden = true;
      ended.hidden = false;
      warning.hidden = false;
    };
    const start = () => {
      timers.forEach(clearTimeout);
      warning.hidden = true;
      timers = [
        setTimeout(() => {
          warning.hidden = false;
          stay.focus();
        }, Math.max(0, seconds - 120) * 1000),
        setTimeout(end, seconds * 1000),
      ];
    };
    stay.addEventListener("click", async () => {
      try {
        const answer = await fetch(warning.dataset.extend, { method: "HEAD", redirect: "manual", cache: "no-store" });
        if (answer.ok) start();
        else end();
      } catch {
        // Without a connection the warning stays, and the button can be tried again.
        stay.focus();
      }
    });
    start();
  }

  // --- the time left to take a reply back (EOU-16) -----------------------------------------------------------------
  for (const clock of all("[data-countdown]")) {
    const until = Date.now() + Number(clock.dataset.countdown) * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      clock.textContent = left ? clock.dataset.words.replace("{n}", String(left)) : clock.dataset.gone;
      if (left) setTimeout(tick, 1000);
      // What has left is not taken back: a button that can do nothing is not offered.
      else all("[data-undo]").forEach((button) => { button.hidden = true; });
    };
    tick();
  }

  // --- the board: news is announced, and never moves what one is reading -------------------------------------------
  const live = one("#live");
  if (live && "EventSource" in window) {
    const words = one("span", live);
    const refresh = one("a", live);
    let fresh = 0;
    const announce = () => {
      fresh += 1;
      words.textContent = fresh === 1 ? live.dataset.one : live.dataset.many.replace("{n}", String(fresh));
      refresh.hidden = false;
      live.classList.add("full");
    };
    const events = new EventSource(live.dataset.events);
    events.addEventListener("task", announce);
    window.addEventListener("pagehide", () => events.close());
  }

  // --- remarks while one writes (ETQ-06) -----------------------------------------------------------------------------
  for (const form of all("form[data-hints]")) {
    const remarks = one("#remarks", form);
    let pause = 0;
    let turn = 0;
    const show = (found) => {
      const list = document.createElement("ul");
      for (const remark of found) {
        const line = document.createElement("li");
        line.textContent = `! ${remark.text}`;
        list.append(line);
      }
      remarks.replaceChildren(...(found.length ? [list] : []));
    };
    const ask = async () => {
      turn += 1;
      const mine = turn;
      try {
        const answer = await fetch(form.dataset.hints, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (answer.ok && mine === turn) show((await answer.json()).remarks);
      } catch {
        // The same screening runs again before anything is sent: a remark that does not come now is not lost.
        remarks.replaceChildren();
      }
    };
    form.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(ask, 700);
    });
  }

  // --- the keyboard (PAGES): every key presses a button that can be seen -----------------------------------------------
  const keys = one("#keys");
  for (const button of all("[data-keys]")) {
    if (!keys) continue;
    button.hidden = false;
    button.addEventListener("click", () => keys.showModal());
  }

  const rows = all("[data-row]");
  let here = -1;
  const move = (step) => {
    if (rows.length === 0) return false;
    if (here >= 0) rows[here].classList.remove("here");
    here = Math.min(rows.length - 1, Math.max(0, here + step));
    rows[here].classList.add("here");
    const link = one("[data-open]", rows[here]);
    link.focus();
    rows[here].scrollIntoView({ block: "nearest" });
    return true;
  };
  const press = (target) => {
    if (!target) return false;
    if (target.matches("input")) target.focus();
    else target.click();
    const details = target.closest("details");
    const field = details && details.open ? one("input:not([type=hidden]), select, textarea", details) : null;
    if (field) field.focus();
    return true;
  };
  const writing = (element) => element.matches("input:not([type=radio], [type=checkbox]), textarea, select");

  const onBoard = {
    j: () => move(1),
    k: () => move(-1),
    c: () => press(here >= 0 ? one("[data-claim]", rows[here]) : null),
  };
  let went = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (writing(event.target) || (keys && keys.open) || !("shortcuts" in document.body.dataset)) return;
    const { key } = event;
    let done = false;
    if (key === "q" && event.timeStamp - went < 1500) done = press(one("[data-queue]"));
    else if (key === "g") went = event.timeStamp;
    else if (rows.length > 0 && key in onBoard) done = onBoard[key]();
    else done = /^[jkcrhe/?]$/.test(key) && press(one(`[data-key="${key}"]`));
    if (done) event.preventDefault();
  });
})();
