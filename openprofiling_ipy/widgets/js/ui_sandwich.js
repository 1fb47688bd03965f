/** The sandwich: all functions at the left; of the selected one, its callers above and its callees below. */

import { shown } from "./paint_text.js";
import { pictureOf } from "./paint_picture.js";
import { describe } from "./ui_describe.js";
import { h } from "./ui_dom.js";
import { Panel } from "./ui_panel.js";
import { nodesOf, sceneOf } from "./ui_scene.js";
import { createTable } from "./ui_table.js";

/** @import { Boxes } from "./types.js" */
/** @import { App } from "./ui_app.js" */
/** @import { View } from "./ui_views.js" */

/** @param {App} app @returns {View} */
export function createSandwich(app) {
  const { store, findings } = app;
  /** Functions looked at before, to go back to. @type {number[]} */
  const past = [];
  const select = (/** @type {number} */ fn) => {
    const before = shownFunction();
    if (fn !== before) past.push(before);
    store.set({ selected: fn, node: -1, line: null });
  };
  const table = createTable(app, select);
  const panels = { callers: panelOf(app, "Callers", select), callees: panelOf(app, "Callees", select) };
  const titles = { callers: h("h2", { class: "clip" }), callees: h("h2", { class: "clip" }) };
  const element = h(
    "div",
    { class: "frame sandwich" },
    table.element,
    h("div", { class: "halves" }, titles.callers, panels.callers.element, titles.callees, panels.callees.element),
  );

  /** The selected function, else the heaviest: one with weight in what is shown. */
  function shownFunction() {
    const { selected } = store.state;
    return selected >= 0 && findings.weights(store.state).total[selected] > 0 ? selected : (table.rows()[0] ?? -1);
  }
  function update() {
    const fn = shownFunction();
    const state = { ...store.state, selected: fn };
    table.update(fn);
    if (fn < 0) return;
    const name = shown(app.name(fn));
    titles.callers.replaceChildren("Callers of ", h("b", {}, name), ` · ${app.format(findings.weights(state).total[fn])}`);
    titles.callees.replaceChildren("Callees of ", h("b", {}, name));
    showHalf(panels.callers, findings.callers(state), true);
    showHalf(panels.callees, findings.callees(state), false);
  }
  /** @param {Panel} panel @param {Boxes} boxes @param {boolean} up */
  function showHalf(panel, boxes, up) {
    const { functions } = findings.match(store.state);
    const lit = store.state.query.trim() ? nodesOf(boxes, (fn) => functions[fn] === 1) : null;
    panel.show(sceneOf(app, boxes, lit, null), -1, up);
  }
  /** @param {number} step */
  function go(step) {
    const rows = table.rows();
    const at = rows.indexOf(shownFunction());
    const fn = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
    if (fn === undefined) return;
    store.set({ selected: fn, node: -1, line: null });
    table.update(fn);
    table.reveal(fn);
  }
  const both = [panels.callers, panels.callees];
  return {
    element,
    update,
    move: (_, dy) => go(dy),
    walk: go,
    enter: () => {},
    zoom: (factor) => both.forEach((panel) => panel.camera.zoomBy(factor)),
    fit: () => both.forEach((panel) => panel.camera.fitAll()),
    back() {
      if (both.map((panel) => panel.camera.back()).includes(true)) return true;
      const before = past.pop();
      if (before === undefined) return false;
      store.set({ selected: before, node: -1, line: null });
      return true;
    },
    picture: () => pictureOf(app, both),
  };
}

/**
 * @param {App} app
 * @param {string} label
 * @param {(fn: number) => void} select
 */
function panelOf(app, label, select) {
  /** @type {Panel} */
  const panel = new Panel({
    app,
    label: `${label} of the selected function; a click selects one of them`,
    onclick: (box) => box >= 0 && panel.scene && select(panel.scene.boxes.fn[box]),
    card: (box, { boxes }) => describe(app, { fn: boxes.fn[box], self: boxes.self[box], total: boxes.total[box] }),
  });
  return panel;
}
