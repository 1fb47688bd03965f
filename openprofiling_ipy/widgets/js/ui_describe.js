/** What is said of a function or a box: the hover card's content and the rows of numbers in it. */

import { chip, h } from "./ui_dom.js";
import { shown } from "./paint_text.js";

/** @import { App } from "./ui_app.js" */
/** @import { NodeLine } from "./types.js" */

/** Lines a card shows. */
const LINES = 3;

/**
 * @typedef {object} Described
 * @property {number} fn
 * @property {number} self
 * @property {number} total
 * @property {NodeLine[]} [lines] executed lines, heaviest first
 * @property {string} [note] one more thing to know
 */

/**
 * @param {App} app
 * @param {Described} what
 */
export function describe(app, { fn, self, total, lines = [], note = "" }) {
  const place = app.findings.place(fn);
  const { kind, package: pack } = app.places.list[app.places.of[fn]];
  const home = { cell: "this notebook", user: "your code", stdlib: "standard library", builtin: "builtin", native: "native code" };
  const more = lines.length - LINES;
  return h(
    "div",
    {},
    h("b", {}, shown(app.name(fn))),
    place ? h("div", { class: "mono muted" }, shown(place)) : null,
    numbers(app, self, total),
    lines.length ? h("ol", { class: "lines mono" }, ...lines.slice(0, LINES).map((line) => lineRow(app, line))) : null,
    more > 0 ? h("div", { class: "muted rest" }, `and ${more} more ${more === 1 ? "line" : "lines"}`) : null,
    h("div", { class: "from muted" }, chip(app.palette().fill[fn]), kind === "package" ? pack || "a package" : home[kind]),
    note ? h("div", { class: "muted" }, note) : null,
  );
}

/**
 * @param {App} app
 * @param {number} self
 * @param {number} total
 */
function numbers(app, self, total) {
  const whole = app.findings.total(app.store.state) || 1;
  const row = (/** @type {string} */ name, /** @type {number} */ weight) => {
    const bar = h("i", { class: name, hidden: !weight });
    bar.style.width = `${Math.min(100, (100 * weight) / whole)}%`;
    return [h("span", { class: "muted" }, name), h("span", { class: "num" }, app.format(weight)), h("span", { class: "num" }, app.percent(weight)), h("span", { class: "meter" }, bar)];
  };
  return h("div", { class: "numbers" }, ...row("total", total), ...row("self", self));
}

/**
 * @param {App} app
 * @param {NodeLine} line
 */
function lineRow(app, { line, text, total }) {
  return h("li", {}, h("span", { class: "num muted" }, String(line)), h("span", { class: text ? "clip" : "clip muted" }, shown(text) || "this line"), h("span", { class: "num" }, app.format(total)));
}
