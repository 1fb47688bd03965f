/** The search field: filters as it is typed, says how much of the whole it found, walks what it found. */

import { formatPercent } from "./format.js";
import { h, icon, iconButton } from "./ui_dom.js";

/** @import { App } from "./ui_app.js" */

/** @param {App} app */
export function createSearch(app) {
  const { store, findings, gate } = app;
  const input = h("input", { type: "text", placeholder: "Search", "aria-label": "Search functions and places", autocomplete: "off", spellcheck: "false", maxlength: 200 });
  const output = h("output", { "aria-live": "polite" });
  const clear = iconButton("close", "Clear the search", () => set(""));
  clear.classList.add("small");
  const element = h("div", { class: "search", role: "search" }, icon("find", 14), input, output, clear);

  const apply = () => store.set({ query: input.value });
  input.addEventListener("input", () => gate.ask(apply));
  /** @param {string} query */
  function set(query) {
    input.value = query;
    store.set({ query });
  }
  function update() {
    const { state } = store;
    const some = state.query.trim() !== "";
    clear.hidden = !some;
    const { error, count } = findings.match(state);
    element.toggleAttribute("data-none", some && !count);
    input.title = error;
    output.textContent = some ? said(error, count) : "";
  }
  /** @param {string} error @param {number} count */
  function said(error, count) {
    if (error) return "?";
    return count ? formatPercent(findings.matched(store.state) / (findings.total(store.state) || 1)) : "none";
  }
  store.watch(["query", "value", "lanes"], update);
  update();
  return {
    element,
    input,
    focus() {
      input.focus();
      input.select();
    },
    clear() {
      if (!input.value) return false;
      set("");
      return true;
    },
  };
}

/** @typedef {ReturnType<typeof createSearch>} Search */
