/** The source as it ran, each line behind a bar of what it cost itself and with all it called. */

import { files, lineWeights } from "./lines.js";
import { shown } from "./paint_text.js";
import { remember } from "./store.js";
import { h } from "./ui_dom.js";
import { List } from "./ui_list.js";
import { drawSource, expressionsCard, sourceRows, textOf } from "./ui_source.js";

/** @import { LineWeights } from "./types.js" */
/** @import { App } from "./ui_app.js" */
/** @import { Row } from "./ui_source.js" */

const HEIGHT = 20;
/** Of files whose source is not kept, only the heaviest are offered. */
const SOURCELESS = 40;

export class Lines {
  /** @param {App} app */
  constructor(app) {
    const { store, profile } = app;
    this.app = app;
    this.select = h("select", { "aria-label": "Source", onchange: () => store.set({ file: this.select.value, line: null }) });
    this.words = h("p", { class: "muted none" });
    const head = (/** @type {string | HTMLElement} */ what) => h("div", { role: "columnheader", class: typeof what === "string" ? "num" : null }, what);
    this.list = new List({
      gate: app.gate,
      signal: app.signal,
      height: HEIGHT,
      label: "Source lines",
      head: [h("div", { class: "row heads source", role: "row" }, head(""), head("Self"), head("Total"), head(""), head(this.select)), this.words],
      draw: (row) => drawSource(app, this.rows()[row], this.hot(row)),
      onclick: (row) => this.choose(row),
      onhover: (row, event) => this.hover(row, event),
    });
    this.element = h("div", { class: "frame" }, this.list.element);
    this.filesOf = remember((/** @type {number} */ value, /** @type {Uint8Array} */ lanes) =>
      files(profile, value, lanes).filter(({ source }, i) => source || i < SOURCELESS),
    );
    this.weightsOf = remember((/** @type {string} */ file, /** @type {number} */ value, /** @type {Uint8Array} */ lanes) => lineWeights(profile, file, value, lanes));
    this.rowsOf = remember((/** @type {string} */ file, /** @type {LineWeights} */ weights) => sourceRows(profile.sources[file], weights));
  }

  files() {
    const { store, findings } = this.app;
    return this.filesOf(store.state.value, findings.lanes(store.state));
  }

  /** The file shown: the chosen one, that of the selection, the cell's own, the heaviest with a source. */
  file() {
    const { store, view } = this.app;
    const { file, line } = store.state;
    const list = this.files();
    const has = (/** @type {string} */ name, /** @type {boolean} */ bare) => list.some((one) => one.file === name && (bare || one.source));
    // A library's lines without its source tell nothing that was not asked for.
    const wanted = [file, line?.file ?? ""].find((name) => has(name, true)) ?? [this.selectedFile(), view.cell].find((name) => has(name, false));
    return wanted ?? (list.find(({ source }) => source) ?? list[0])?.file ?? "";
  }

  selectedFile() {
    const { store, profile } = this.app;
    const { selected } = store.state;
    return selected < 0 ? "" : profile.strings[profile.functions.file[selected]];
  }

  rows() {
    const { store, findings } = this.app;
    const file = this.file();
    return this.rowsOf(file, this.weightsOf(file, store.state.value, findings.lanes(store.state)));
  }

  /** What was evaluated on the line of a row. @param {number} row */
  hot(row) {
    const { store, findings } = this.app;
    return findings.hot(store.state, this.file()).get(this.rows()[row]?.number) ?? [];
  }

  /** @param {number} row */
  choose(row) {
    const { number, total } = this.rows()[row];
    if (!number) return;
    const file = this.file();
    this.app.store.set({ file, line: { file, line: number }, node: -1, selected: total ? functionAt(this.app, file, number) : -1 });
  }

  /** @param {number} row @param {PointerEvent | null} event */
  hover(row, event) {
    const { app, list } = this;
    const target = event && /** @type {HTMLElement} */ (event.target).closest("[data-row]");
    const hot = row < 0 ? [] : this.hot(row);
    if (!event || !target || !hot.length) return app.card.hide(list);
    const { top, bottom } = target.getBoundingClientRect();
    app.card.show(list, row, { x: event.clientX, top, bottom }, () => expressionsCard(app, hot));
  }

  update() {
    const { app, list, select, words } = this;
    const { profile, store } = app;
    const file = this.file();
    const { line } = store.state;
    select.replaceChildren(...this.files().map((one) => h("option", { value: one.file }, `${shown(shortName(app, one.file))} · ${app.percent(one.total)}`)));
    select.value = file;
    words.hidden = Object.hasOwn(profile.sources, file);
    words.textContent = file ? "Its source was not kept: only the lines that ran are listed." : "No line was recorded.";
    const rows = this.rows();
    const marked = this.marks(file);
    const at = line?.file === file ? rows.findIndex((row) => row.number === line.line) : -1;
    list.show(rows.length, at, (row) => marked(rows[row]));
    list.reveal(at >= 0 ? at : rows.findIndex(marked), true);
  }

  /** Which rows stand out: what a search found, else the lines of the selected function. @param {string} file @returns {(row: Row) => boolean} */
  marks(file) {
    const { store, profile } = this.app;
    const { query, selected, line } = store.state;
    if (query.trim()) return (row) => this.found(row);
    if (line || this.selectedFile() !== file) return () => false;
    const { fn, line: lines } = profile.frames;
    const ran = new Set(lines.filter((_, frame) => fn[frame] === selected));
    return (row) => ran.has(row.number);
  }

  /** @param {Row} row */
  found(row) {
    return textOf(row).toLowerCase().includes(this.app.store.state.query.trim().toLowerCase());
  }

  /** Choose the next row that is wanted, round at the ends. @param {number} step @param {(row: Row) => boolean} wanted */
  go(step, wanted) {
    const rows = this.rows();
    const from = rows.findIndex((row) => row.number === this.app.store.state.line?.line);
    const start = from < 0 && step < 0 ? rows.length : from;
    for (let i = 1; i <= rows.length; i++) {
      const at = (start + step * i + rows.length) % rows.length;
      if (!rows[at].number || !wanted(rows[at])) continue;
      this.choose(at);
      this.list.reveal(at);
      return;
    }
  }

  /** @param {number} _ @param {number} dy */
  move(_, dy) {
    if (dy) this.go(dy, () => true);
  }

  /** @param {number} step */
  walk(step) {
    this.go(step, (row) => this.found(row));
  }

  enter() {}
  zoom() {}
  fit() {}

  back() {
    return false;
  }

  /** It draws nothing: the export shows the flame graph. */
  picture() {
    return null;
  }
}

/** The function a line belongs to, -1 where none ran there. @param {App} app @param {string} file @param {number} line */
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
