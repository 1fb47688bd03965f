/** The table of functions: the same numbers as the pictures, as text; sorted by a click on a header. */

import { shown } from "./paint_text.js";
import { tableRows } from "./rows.js";
import { remember } from "./store.js";
import { chip, h } from "./ui_dom.js";
import { List } from "./ui_list.js";

/** @import { FunctionWeights } from "./types.js" */
/** @import { Order } from "./rows.js" */
/** @import { App } from "./ui_app.js" */

const HEIGHT = 24;
/** A smaller share has no bar: it would be a speck. */
const LEAST = 0.004;

/** @type {[Order["by"], string][]} */
const COLUMNS = [
  ["name", "Function"],
  ["self", "Self"],
  ["total", "Total"],
];

export class Table {
  /**
   * @param {App} app
   * @param {(fn: number) => void} onselect
   */
  constructor(app, onselect) {
    this.app = app;
    this.heads = COLUMNS.map(([by, text]) => {
      const button = h("button", { type: "button", onclick: () => this.sortBy(by) }, text);
      return h("div", { role: "columnheader", class: by === "name" ? "clip" : "num" }, button);
    });
    this.none = h("p", { class: "muted none" }, "No function matches");
    this.list = new List({
      gate: app.gate,
      signal: app.signal,
      height: HEIGHT,
      label: "Functions",
      head: [h("div", { class: "row heads", role: "row" }, ...this.heads), this.none],
      draw: (row) => drawRow(app, this.rows()[row]),
      onclick: (row) => onselect(this.rows()[row]),
    });
    this.element = this.list.element;
    const names = remember(() => Array.from(app.profile.functions.name, (_, fn) => app.labels.labelOf(fn).full));
    this.sorted = remember((/** @type {FunctionWeights} */ weights, /** @type {Order} */ by, /** @type {Uint8Array | null} */ filter) =>
      tableRows(weights, names(), by, filter),
    );
  }

  /** The functions in the table, top to bottom. */
  rows() {
    const { store, findings } = this.app;
    const { state } = store;
    return this.sorted(findings.weights(state), state.order, state.query.trim() ? findings.match(state).functions : null);
  }

  /** @param {Order["by"]} by */
  sortBy(by) {
    const { order } = this.app.store.state;
    this.app.store.set({ order: { by, descending: order.by === by ? !order.descending : by !== "name" } });
  }

  /** @param {number} fn the selected function */
  update(fn) {
    const { by, descending } = this.app.store.state.order;
    COLUMNS.forEach(([column], i) => {
      this.heads[i].setAttribute("aria-sort", column !== by ? "none" : descending ? "descending" : "ascending");
    });
    const rows = this.rows();
    this.none.hidden = rows.length > 0;
    this.list.show(rows.length, rows.indexOf(fn));
  }

  /** @param {number} fn */
  reveal(fn) {
    this.list.reveal(this.rows().indexOf(fn));
  }
}

/**
 * @param {App} app
 * @param {number} fn
 */
function drawRow(app, fn) {
  const { store, findings } = app;
  const { self, total } = findings.weights(store.state);
  const place = findings.place(fn);
  const name = shown(app.name(fn));
  return h(
    "div",
    { class: "row" },
    h(
      "div",
      { role: "rowheader", class: "name", title: place ? `${name} · ${place}` : name },
      h("div", { class: "clip" }, chip(app.palette().fill[fn]), name, place ? h("span", { class: "muted" }, ` ${shown(place)}`) : null),
      bars(app, self[fn], total[fn]),
    ),
    numberCell(app, self[fn]),
    numberCell(app, total[fn]),
  );
}

/**
 * One bar for both: self within total.
 *
 * @param {App} app
 * @param {number} self
 * @param {number} total
 */
export function bars(app, self, total) {
  const whole = app.findings.total(app.store.state) || 1;
  const bar = (/** @type {string} */ kind, /** @type {number} */ weight) => {
    const element = h("i", { class: kind, hidden: weight < whole * LEAST });
    element.style.width = `${Math.min(100, (100 * weight) / whole)}%`;
    return element;
  };
  return h("div", { class: "bars" }, bar("total", total), bar("self", self));
}

/**
 * @param {App} app
 * @param {number} weight
 * @param {boolean} [share]
 */
export function numberCell(app, weight, share = true) {
  const percent = share ? h("span", { class: "muted" }, weight ? app.percent(weight) : "") : null;
  return h("div", { role: "gridcell", class: "cell num" }, h("span", {}, weight ? app.format(weight) : ""), percent);
}
