/** The sandwich: all functions at the left; of the selected one, its callers above and its callees below. */

import { ROW } from "./paint.js";
import { pictureOf } from "./paint_picture.js";
import { shown } from "./paint_text.js";
import { describe } from "./ui_describe.js";
import { h } from "./ui_dom.js";
import { Panel } from "./ui_panel.js";
import { nodesOf, sceneOf } from "./ui_scene.js";
import { Table } from "./ui_table.js";

/** @import { Boxes } from "./types.js" */
/** @import { App } from "./ui_app.js" */

/** @typedef {{panel: Panel, title: HTMLElement}} Half */

export class Sandwich {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** Functions looked at before, to go back to. @type {number[]} */
    this.past = [];
    this.table = new Table(app, (fn) => this.select(fn));
    this.callers = this.half("Callers");
    this.callees = this.half("Callees");
    this.panels = [this.callers.panel, this.callees.panel];
    const halves = [this.callers, this.callees].flatMap(({ title, panel }) => [h("h2", {}, title), panel.element]);
    this.halves = h("div", { class: "halves" }, ...halves);
    this.element = h("div", { class: "frame sandwich" }, this.table.element, this.halves);
    this.open(this.callers);
  }

  /** Where there is room for one half only, show this one; elsewhere both stand open. @param {Half} half */
  open(half) {
    for (const one of [this.callers, this.callees]) one.title.parentElement?.toggleAttribute("data-open", one === half);
    this.halves.toggleAttribute("data-callees", half === this.callees);
  }

  /** @param {string} name @returns {Half} */
  half(name) {
    const { app } = this;
    const title = h("button", { type: "button", class: "clip", onclick: () => this.open(half) });
    const panel = new Panel({
      app,
      label: `${name} of the selected function; a click selects one of them`,
      onclick: (box) => box >= 0 && panel.scene && this.select(panel.scene.boxes.fn[box]),
      card: (box, { boxes }) => describe(app, { fn: boxes.fn[box], self: boxes.self[box], total: boxes.total[box] }),
    });
    const half = { panel, title };
    return half;
  }

  /** @param {number} fn */
  select(fn) {
    const before = this.shownFunction();
    if (fn !== before) this.past.push(before);
    this.app.store.set({ selected: fn, node: -1, line: null });
  }

  /** The selected function, else the first of the table: one with weight in what is shown. */
  shownFunction() {
    const { store, findings } = this.app;
    const { selected } = store.state;
    return selected >= 0 && findings.weights(store.state).total[selected] > 0 ? selected : (this.table.rows()[0] ?? -1);
  }

  update() {
    const { app, callers, callees } = this;
    const fn = this.shownFunction();
    this.table.update(fn);
    if (fn < 0) return;
    const state = { ...app.store.state, selected: fn };
    const name = h("b", {}, shown(app.name(fn)));
    callers.title.replaceChildren("Callers of ", name, ` · ${app.format(app.findings.weights(state).total[fn])}`);
    callees.title.replaceChildren("Callees of ", name.cloneNode(true));
    this.showHalf(callers.panel, app.findings.callers(state), true);
    this.showHalf(callees.panel, app.findings.callees(state), false);
  }

  /** @param {Panel} panel @param {Boxes} boxes @param {boolean} up */
  showHalf(panel, boxes, up) {
    const { store, findings } = this.app;
    const { functions } = findings.match(store.state);
    const lit = store.state.query.trim() ? nodesOf(boxes, (fn) => functions[fn] === 1) : null;
    // A half takes no more than its rows need: the other may need it.
    panel.element.style.maxHeight = `${boxes.rows * ROW}px`;
    panel.show(sceneOf(this.app, boxes, lit, null), -1, up);
  }

  /** @param {number} _ @param {number} dy */
  move(_, dy) {
    this.walk(dy);
  }

  /** @param {number} step */
  walk(step) {
    const rows = this.table.rows();
    const at = rows.indexOf(this.shownFunction());
    const fn = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
    if (fn === undefined) return;
    this.app.store.set({ selected: fn, node: -1, line: null });
    this.table.update(fn);
    this.table.reveal(fn);
  }

  enter() {}

  /** @param {number} factor */
  zoom(factor) {
    for (const { camera } of this.panels) camera.zoomBy(factor);
  }

  fit() {
    for (const { camera } of this.panels) camera.fitAll();
  }

  back() {
    if (this.panels.map(({ camera }) => camera.back()).includes(true)) return true;
    const before = this.past.pop();
    if (before === undefined) return false;
    this.app.store.set({ selected: before, node: -1, line: null });
    return true;
  }

  picture() {
    return pictureOf(this.app, this.panels);
  }
}
