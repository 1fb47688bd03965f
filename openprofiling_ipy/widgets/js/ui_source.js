/** Rows of source: each line with its weights, its colours, and what was evaluated on it. */

import { shown } from "./paint_text.js";
import { h } from "./ui_dom.js";
import { colored, heated } from "./ui_syntax.js";
import { bars, numberCell } from "./ui_table.js";

/** @import { Hot, LineWeights } from "./types.js" */
/** @import { App } from "./ui_app.js" */
/** @import { Token } from "./ui_syntax.js" */

/** Expressions that the card of a line shows. */
const EXPRESSIONS = 6;

/**
 * @typedef {object} Row
 * @property {number} number of the line, 0 where it is not known
 * @property {Token[]} tokens
 * @property {number} self
 * @property {number} total
 */

/**
 * All lines of a source; of a file without one, only those that have weight.
 *
 * @param {string | undefined} source
 * @param {LineWeights} weights
 * @returns {Row[]}
 */
export function sourceRows(source, { line, self, total }) {
  const at = new Map(Array.from(line, (number, i) => [number, i]));
  const texts = source === undefined ? [] : colored(source.replace(/\n$/, ""));
  const numbers = source === undefined ? Array.from(line) : texts.map((_, i) => i + 1);
  return numbers.map((number) => {
    const i = at.get(number) ?? -1;
    return { number, tokens: texts[number - 1] ?? [], self: self[i] ?? 0, total: total[i] ?? 0 };
  });
}

/** @param {Row} row */
export function textOf(row) {
  return row.tokens.map(({ text }) => text).join("");
}

/**
 * @param {App} app
 * @param {Row} row
 * @param {Hot[]} hot
 */
export function drawSource(app, row, hot) {
  const text = textOf(row);
  const first = hot.find((one) => text.includes(one.text));
  const from = first ? text.indexOf(first.text) : 0;
  const code = heated(row.tokens, from, from + (first?.text.length ?? 0)).map(({ kind, text: part, hot: is }) =>
    kind || is ? h("span", { class: `${kind} ${is ? "hot" : ""}`.trim() }, shown(part)) : shown(part),
  );
  return h(
    "div",
    { class: "row source mono" },
    h("div", { role: "gridcell" }, bars(app, row.self, row.total)),
    numberCell(app, row.self, false),
    numberCell(app, row.total),
    h("div", { class: "num muted", role: "rowheader" }, row.number ? String(row.number) : "?"),
    h("div", { class: "code", role: "gridcell" }, ...code),
  );
}

/** What was evaluated on a line. @param {App} app @param {Hot[]} hot */
export function expressionsCard(app, hot) {
  const rows = hot.slice(0, EXPRESSIONS).map(({ text, self }) =>
    h("li", {}, h("span", { class: "clip" }, shown(text)), h("span", { class: "num" }, app.format(self)), h("span", { class: "num muted" }, app.percent(self))),
  );
  return h("div", {}, h("div", { class: "muted" }, "evaluated here"), h("ol", { class: "lines hot mono" }, ...rows));
}
