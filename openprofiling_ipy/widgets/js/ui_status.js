/** The status line: the selected frame, or how to select one. */

import { chip, h } from "./ui_dom.js";
import { lineWeights } from "./lines.js";
import { shown } from "./paint_text.js";

/** @import { App } from "./ui_app.js" */
/** @import { Tab } from "./ui_state.js" */

/** @type {Record<Tab, string>} */
const CLICK = {
  flame: "Click a frame to select it and zoom in",
  time: "Click a frame to select it and zoom in",
  sandwich: "Click a function to see who calls it and what it calls",
  lines: "Click a line to select its frames",
};

/** @param {App} app */
export function createStatus(app) {
  const { store, gate, theme } = app;
  const element = h("footer", { class: "bar status", role: "status", "aria-live": "polite" });
  const update = () => element.replaceChildren(...said(app));
  store.watch(["selected", "node", "line", "value", "lanes", "mine", "recursion", "tab"], () => gate.ask(update));
  theme.watch(() => gate.ask(update));
  update();
  return element;
}

/** @param {App} app @returns {Node[]} */
function said(app) {
  const { store, findings, profile } = app;
  const { state } = store;
  if (state.line) return lineSaid(app, state.line);
  if (state.selected < 0) return [h("span", { class: "hint muted clip" }, `${CLICK[state.tab]} · / to search · ? for keys`)];
  const fn = state.selected;
  const tree = findings.tree(state);
  const weights = findings.weights(state);
  const one = state.node >= 0 && state.tab !== "sandwich" ? { self: tree.self[state.node], total: tree.total[state.node] } : { self: weights.self[fn], total: weights.total[fn] };
  const place = findings.place(fn);
  return [chip(app.palette().fill[fn]), h("b", { class: "clip" }, shown(app.name(fn))), h("span", { class: "where mono muted clip" }, shown(place || profile.strings[profile.functions.file[fn]])), numbers(app, one.self, one.total)];
}

/** @param {App} app @param {{file: string, line: number}} line @returns {Node[]} */
function lineSaid(app, { file, line }) {
  const { store, findings, profile } = app;
  const weights = lineWeights(profile, file, store.state.value, findings.lanes(store.state));
  const at = weights.line.indexOf(line);
  const text = profile.sources[file]?.split("\n")[line - 1]?.trim() ?? "";
  return [h("b", {}, shown(`${file}:${line}`)), h("span", { class: "where mono muted clip" }, shown(text)), numbers(app, weights.self[at] ?? 0, weights.total[at] ?? 0)];
}

/** @param {App} app @param {number} self @param {number} total */
function numbers(app, self, total) {
  const one = (/** @type {string} */ name, /** @type {number} */ weight) => h("span", {}, h("span", { class: "muted" }, `${name} `), app.format(weight), h("span", { class: "muted" }, ` (${app.percent(weight)})`));
  return h("span", { class: "num" }, one("self", self), one("total", total));
}
