// The sign-up form's comforts: a name from the organisation's, a check while typing, a summary.
// Without it the form works just as well: the server checks everything again.
"use strict";

const GREEK = {
  αι: "ai", ει: "ei", οι: "oi", ου: "ou", αυ: "av", ευ: "ev", γγ: "ng", γκ: "gk", μπ: "b", ντ: "nt",
  α: "a", β: "v", γ: "g", δ: "d", ε: "e", ζ: "z", η: "i", θ: "th", ι: "i", κ: "k", λ: "l", μ: "m",
  ν: "n", ξ: "x", ο: "o", π: "p", ρ: "r", σ: "s", ς: "s", τ: "t", υ: "y", φ: "f", χ: "ch", ψ: "ps",
  ω: "o",
};
const LONGEST = 40;

function labelFrom(name) {
  const plain = name.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const latin = plain.replace(/[αεογμν][ιυγκπτ]|[α-ω]/g, (part) =>
    GREEK[part] ?? [...part].map((letter) => GREEK[letter] ?? letter).join(""));
  return latin.replace(/[^a-z0-9]+/g, "-").slice(0, LONGEST).replace(/^-+|-+$/g, "");
}

function suggestNames(organization, subdomain, onSuggestion) {
  let own = subdomain.value !== "";
  subdomain.addEventListener("input", () => { own = subdomain.value !== ""; });
  organization.addEventListener("input", () => {
    if (own) return;
    subdomain.value = labelFrom(organization.value);
    onSuggestion();
  });
}

function checkNames(field, subdomain) {
  const verdict = field.querySelector(".verdict");
  const described = subdomain.getAttribute("aria-describedby");
  subdomain.setAttribute("aria-describedby", [described, verdict.id].filter(Boolean).join(" "));
  let timer;
  let asked = 0;

  function show(text, kind) {
    verdict.textContent = text;
    verdict.className = `verdict ${kind}`;
  }

  async function ask(label) {
    const mine = ++asked;
    try {
      const url = field.dataset.nameCheck.replace("NAME", encodeURIComponent(label));
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      // A refusal (too many questions) or a later question: the server decides on sending anyway.
      if (!response.ok || mine !== asked) return;
      const answer = await response.json();
      if (answer.available) show(verdict.dataset.free, "free");
      else show(answer.reason, "taken");
    } catch (error) {
      // A TypeError is fetch's word for "no network", a SyntaxError some proxy's page instead of JSON.
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    }
  }

  return function check() {
    clearTimeout(timer);
    asked += 1;
    show("", "");
    const label = subdomain.value.trim().toLowerCase();
    if (label) timer = setTimeout(ask, 350, label);
  };
}

function summarise(form) {
  const line = form.querySelector("[data-summary][aria-live]");
  function update() {
    const plan = form.querySelector("input[name=plan]:checked")?.closest(".plan");
    const interval = form.querySelector("input[name=interval]:checked")?.value;
    const price = plan?.querySelector(`.price[data-interval="${interval}"]`);
    const trial = plan?.querySelector("[data-trial]");
    const parts = [price?.dataset.summary, trial?.textContent].filter(Boolean);
    line.textContent = price ? `${parts.join(". ")}.` : "";
  }
  form.addEventListener("change", update);
  update();
}

function renewKey(form) {
  // A changed order is another order: under the old key the server would have to refuse it.
  const key = form.elements.idempotency_key;
  form.addEventListener("input", () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    key.value = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  });
}

const form = document.querySelector("[data-signup]");
if (form) {
  const { organization, subdomain } = form.elements;
  const check = checkNames(form.querySelector("[data-name-check]"), subdomain);
  subdomain.addEventListener("input", check);
  suggestNames(organization, subdomain, check);
  summarise(form);
  renewKey(form);
}
