// Keeps the progress page up to date: asks every second at first, then less often, until all is done.
"use strict";

const LONGEST_WAIT = 15000;
const EAGER = 30; // questions at the first pace
const FIRST_WAIT = 1000;

const page = document.querySelector("[data-progress]");
const trouble = page.querySelector("[data-trouble]");
let asked = 0;
let timer;

function finished(progress) {
  if (progress.status === "failed" || progress.status === "expired") return true;
  return progress.status === "ready" && progress.steps.every((step) => step.done_at);
}

function showStep(step) {
  const line = page.querySelector(`[data-step="${CSS.escape(step.name)}"]`);
  if (!line) return;
  const done = Boolean(step.done_at);
  line.classList.toggle("done", done);
  line.querySelector("[data-when=done]").hidden = !done;
  line.querySelector("[data-when=open]").hidden = done;
}

function showStatus(progress) {
  page.dataset.status = progress.status;
  for (const part of page.querySelectorAll("[data-for]")) {
    const hidden = !part.dataset.for.split(" ").includes(progress.status);
    if (part.hidden !== hidden) part.hidden = hidden;
  }
}

function showWorkspace(url) {
  if (!url) return;
  page.querySelector("[data-workspace]").href = url;
  page.querySelector("[data-workspace-text]").textContent = url;
}

function wait() {
  if (asked <= EAGER) return FIRST_WAIT;
  return Math.min(FIRST_WAIT * 1.2 ** (asked - EAGER), LONGEST_WAIT);
}

async function ask() {
  clearTimeout(timer);
  timer = undefined;
  asked += 1;
  try {
    const response = await fetch(page.dataset.progress, {
      cache: "no-store",
      headers: { Accept: "application/json" },
    });
    if (response.ok) {
      const progress = await response.json();
      progress.steps.forEach(showStep);
      showWorkspace(progress.workspace_url);
      showStatus(progress);
      trouble.hidden = true;
      if (finished(progress)) return;
    } else {
      trouble.hidden = response.status === 429; // asked too often: the next answer is on its way
    }
  } catch (error) {
    // A TypeError is fetch's word for "no network", a SyntaxError some proxy's page instead of JSON.
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    trouble.hidden = false;
  }
  timer = setTimeout(ask, wait());
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && timer) ask();
});
ask();
