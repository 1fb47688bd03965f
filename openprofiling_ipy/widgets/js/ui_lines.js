/** The source as it ran, each line behind a bar of what it cost itself and with all it called. */

import { files, lineWeights } from "./lines.js";
import { shown } from "./paint_text.js";
import { remember } from "./store.js";
import { h } from "./ui_dom.js";
import { createList } from "./ui_list.js";
import { colored, heated } from "./ui_syntax.js";
import { bars, numberCell } from "./ui_table.js";

/** @import { LineWeights } from "./types.js" */
/** @import { App } from "./ui_app.js" */
/** @import { Hot } from "./ui_state.js" */
/** @import { Token } from "./ui_syntax.js" */
/** @import { View } from "./ui_views.js" */

const HEIGHT = 20;

/**
 * What one row shows; `number` 0 stands for lines that are left out.
 *
 * @typedef {object} Row
 * @property {number} number
 * @property {Token[]} tokens
 * @property {number} self
 * @property {number} total
 */

/** @param {App} app @returns {View} */
export function createLines(app) {
  const { store, findings, profile } = app;
  const filesOf = remember((/** @type {number} */ value, /** @type {Uint8Array} */ lanes) => files(profile, value, lanes).filter(({ source }, i) => source || i < 40));
  const weightsOf = remember((/** @type {string} */ file, /** @type {number} */ value, /** @type {Uint8Array} */ lanes) => lineWeights(profile, file, value, lanes));
  const rowsOf = remember((/** @type {string} */ file, /** @type {LineWeights} */ weights) => makeRows(profile.sources[file], weights));
  const linesOfFunction = remember((/** @type {number} */ fn) => functionLines(app, fn));

  /** The file shown: the chosen one, that of the selection, the cell's own, the heaviest with a source. */
  function fileNow() {
    const { state } = store;
    const list = filesOf(state.value, findings.lanes(state));
    const has = (/** @type {string} */ name) => list.some(({ file }) => file === name);
    const selected = state.selected >= 0 ? profile.strings[profile.functions.file[state.selected]] : "";
    const wanted = [state.file, state.line?.file ?? "", selected, app.view.cell].find((name) => name && has(name));
    return wanted ?? (list.find(({ source }) => source) ?? list[0])?.file ?? "";
  }
  const rowsNow = () => {
    const { state } = store;
    const file = fileNow();
    return rowsOf(file, weightsOf(file, state.value, findings.lanes(state)));
  };
  const select = h("select", { "aria-label": "Source", onchange: () => store.set({ file: select.value, line: null }) });
  const words = h("p", { class: "muted none" });
  const column = (/** @type {string} */ text) => h("div", { role: "columnheader", class: "num" }, text);
  const heads = h("div", { class: "row heads source", role: "row" }, column(""), column("Self"), column("Total"), column(""), h("div", { role: "columnheader" }, select));
  const list = createList({
    gate: app.gate,
    height: HEIGHT,
    label: "Source lines",
    head: [heads, words],
    draw: (row) => drawRow(app, rowsNow()[row], findings.hot(store.state, fileNow()).get(rowsNow()[row].number) ?? []),
    onclick: (row) => selectLine(row),
    onhover: (row, event) => hover(row, event),
  });
  const element = h("div", { class: "frame" }, list.element);

  /** @param {number} row */
  function selectLine(row) {
    const { number, total } = rowsNow()[row];
    if (!number) return;
    const file = fileNow();
    store.set({ file, line: { file, line: number }, node: -1, selected: total ? functionAt(app, file, number) : -1 });
  }
  /** @param {number} row @param {PointerEvent | null} event */
  function hover(row, event) {
    const hot = row < 0 || !event ? [] : (findings.hot(store.state, fileNow()).get(rowsNow()[row]?.number) ?? []);
    const target = event && /** @type {HTMLElement} */ (event.target).closest("[data-row]");
    if (!hot.length || !event || !target) return app.card.hide(list);
    const { top, bottom } = target.getBoundingClientRect();
    app.card.show(list, row, { x: event.clientX, top, bottom }, () => expressionsCard(app, hot));
  }
  /** @param {Row} row @param {Set<number>} marked */
  const isMarked = (row, marked) => (store.state.line ? row.number === store.state.line.line : marked.has(row.number));
  function update() {
    const file = fileNow();
    const all = filesOf(store.state.value, findings.lanes(store.state));
    select.replaceChildren(...all.map(({ file: name, total }) => h("option", { value: name }, `${shown(shortName(app, name))} · ${app.percent(total)}`)));
    select.value = file;
    words.hidden = Object.hasOwn(profile.sources, file);
    words.textContent = file ? "Its source was not kept: only the lines that ran are listed." : "No line was recorded.";
    const rows = rowsNow();
    const query = store.state.query.trim().toLowerCase();
    const marked = query ? new Set(rows.filter((row) => textOf(row).toLowerCase().includes(query)).map((row) => row.number)) : linesOfFunction(store.state.selected);
    const at = rows.findIndex((row) => store.state.line?.file === file && row.number === store.state.line.line);
    list.show(rows.length, at, (row) => isMarked(rows[row], marked) && (query !== "" || inFile(file)));
    const first = at >= 0 ? at : rows.findIndex((row) => isMarked(row, marked) && inFile(file));
    if (first >= 0) list.centre(first);
  }
  /** Whether the selected function is of this file. @param {string} file */
  function inFile(file) {
    const { selected, line } = store.state;
    return line ? line.file === file : selected >= 0 && profile.strings[profile.functions.file[selected]] === file;
  }
  /** @param {number} step @param {(row: Row) => boolean} wanted */
  function go(step, wanted) {
    const rows = rowsNow();
    const from = rows.findIndex((row) => row.number === store.state.line?.line);
    for (let i = 1; i <= rows.length; i++) {
      const at = from < 0 && step < 0 ? rows.length - i : (from + step * i + rows.length * 2) % rows.length;
      if (!wanted(rows[at])) continue;
      selectLine(at);
      return list.reveal(at);
    }
  }
  return {
    element,
    update,
    move: (_, dy) => dy && go(dy, (row) => row.number > 0),
    walk(step) {
      const query = store.state.query.trim().toLowerCase();
      go(step, (row) => row.number > 0 && textOf(row).toLowerCase().includes(query));
    },
    enter: () => {},
    zoom: () => {},
    fit: () => {},
    back: () => false,
    picture: () => null,
  };
}

const textOf = (/** @type {Row} */ row) => row.tokens.map(({ text }) => text).join("");

/**
 * All lines of a source; of a file without one, only those that have weight.
 *
 * @param {string | undefined} source
 * @param {LineWeights} weights
 * @returns {Row[]}
 */
function makeRows(source, { line, self, total }) {
  const at = new Map(Array.from(line, (number, i) => [number, i]));
  const texts = source === undefined ? [] : colored(source.replace(/\n$/, ""));
  const last = Math.max(texts.length, 0);
  const numbers = source === undefined ? Array.from(line) : Array.from({ length: last }, (_, i) => i + 1);
  return numbers.map((number) => {
    const i = at.get(number);
    return { number, tokens: texts[number - 1] ?? [], self: i === undefined ? 0 : self[i], total: i === undefined ? 0 : total[i] };
  });
}

/**
 * @param {App} app
 * @param {Row} row
 * @param {Hot[]} hot
 */
function drawRow(app, row, hot) {
  const text = textOf(row);
  const first = hot.find((one) => text.includes(one.text));
  const from = first ? text.indexOf(first.text) : -1;
  const tokens = first ? heated(row.tokens, from, from + first.text.length) : row.tokens;
  const code = tokens.map((token) => {
    const kind = [token.kind, "hot" in token && token.hot ? "hot" : ""].join(" ").trim();
    return kind ? h("span", { class: kind }, shown(token.text)) : shown(token.text);
  });
  return h(
    "div",
    { class: "row source mono" },
    h("div", { role: "gridcell" }, bars(app, row.self, row.total)),
    numberCell(app, row.self, false),
    numberCell(app, row.total),
    h("div", { class: "num muted", role: "rowheader" }, String(row.number)),
    h("div", { class: "code", role: "gridcell" }, ...code),
  );
}

/** @param {App} app @param {Hot[]} hot */
function expressionsCard(app, hot) {
  const rows = hot.slice(0, 6).map(({ text, self }) => h("li", {}, h("span", { class: "clip" }, shown(text)), h("span", { class: "num" }, app.format(self)), h("span", { class: "num muted" }, app.percent(self))));
  return h("div", {}, h("div", { class: "muted" }, "evaluated here"), h("ol", { class: "lines hot mono" }, ...rows));
}

/** The lines of a function that were executed. @param {App} app @param {number} fn */
function functionLines({ profile }, fn) {
  const { frames } = profile;
  return new Set(Array.from(frames.line).filter((_, frame) => frames.fn[frame] === fn));
}

/** The function a line belongs to. @param {App} app @param {string} file @param {number} line */
function functionAt({ profile }, file, line) {
  const { frames, functions, strings } = profile;
  const frame = frames.line.findIndex((number, i) => number === line && strings[functions.file[frames.fn[i]]] === file);
  return frame < 0 ? -1 : frames.fn[frame];
}

/** @param {App} app @param {string} file */
function shortName({ profile, places }, file) {
  const fn = profile.functions.file.findIndex((id) => profile.strings[id] === file);
  return (fn >= 0 && places.list[places.of[fn]].short) || file;
}
