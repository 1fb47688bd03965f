/** Time order: a band for each thread, from left to right what ran when. */

import { formatValue } from "./format.js";
import { AXIS, paintAxis, paintLanes } from "./paint_time.js";
import { pictureOf } from "./paint_picture.js";
import { createCrumbs } from "./ui_crumbs.js";
import { describe } from "./ui_describe.js";
import { h } from "./ui_dom.js";
import { middleOf, neighbour, nextMatch, sameFunction } from "./ui_flame.js";
import { Panel } from "./ui_panel.js";
import { matchedLit, sceneOf } from "./ui_scene.js";

/** @import { TimeBoxes } from "./types.js" */
/** @import { App } from "./ui_app.js" */
/** @import { View } from "./ui_views.js" */

/** @param {App} app @returns {View} */
export function createTime(app) {
  const { store, findings } = app;
  /** The box that was selected here: of the many in time that are one node of the flame graph. */
  let last = -1;
  const boxesNow = () => findings.time(store.state);
  const unitOf = (/** @type {TimeBoxes} */ boxes) => (boxes.clock ? "ns" : app.unit);
  const crumbs = createCrumbs(app, { go: () => panel.camera.fitAll() });
  const panel = new Panel({
    app,
    head: AXIS,
    label: "Time order: from left to right what ran when, a band for each thread",
    onclick(box) {
      select(box);
      panel.camera.zoomTo(box);
    },
    card: (box) => cardOf(box),
    onmove: () => sayRange(),
    decorate(context, frame, view) {
      const boxes = boxesNow();
      const { profile, ruler } = app;
      paintLanes(context, frame, view, app.palette(), { boxes, threads: profile.threads, unit: app.unit, total: findings.total(store.state), ruler });
      paintAxis(context, frame, view, app.palette(), unitOf(boxes), ruler);
    },
  });
  const element = h("div", { class: "frame" }, crumbs.element, panel.element);

  /** @param {number} box */
  function cardOf(box) {
    const boxes = boxesNow();
    const [from, to] = [boxes.x0[box], boxes.x1[box]];
    const unit = unitOf(boxes);
    const note = boxes.clock ? `${formatValue(to - from, unit)} from ${formatValue(from, unit)} on` : "";
    return describe(app, { fn: boxes.fn[box], self: boxes.self[box], total: boxes.total[box], note });
  }
  function sayRange() {
    const boxes = boxesNow();
    const { x0, x1 } = panel.camera.goal;
    const unit = unitOf(boxes);
    const undrawn = boxes.lanes.reduce((sum, lane) => sum + lane.hidden, 0);
    const range = panel.camera.zoomed ? `${formatValue(x0, unit)} – ${formatValue(x1, unit)} of ${formatValue(boxes.x1Max, unit)}` : `All · ${formatValue(boxes.x1Max, unit)}`;
    crumbs.say(undrawn ? `${range} · ${undrawn} overlapping samples not drawn` : range, panel.camera.zoomed);
  }
  /** @param {number} box */
  function select(box) {
    const boxes = boxesNow();
    last = box;
    store.set(box < 0 ? { selected: -1, node: -1, line: null } : { selected: boxes.fn[box], node: boxes.node[box], line: null });
  }
  function selected() {
    const boxes = boxesNow();
    const { node } = store.state;
    if (node >= 0 && (last < 0 || boxes.node[last] !== node)) last = boxes.node.indexOf(node);
    return node < 0 ? -1 : last;
  }
  /** @param {number} box */
  function goTo(box) {
    select(box);
    panel.camera.reveal(box);
  }
  return {
    element,
    update() {
      const boxes = boxesNow();
      panel.show(sceneOf(app, boxes, findings.lit(store.state), sameFunction(findings.tree(store.state), store.state.selected)), selected(), false);
    },
    move: (dx, dy) => goTo(neighbour(boxesNow(), selected(), dx, dy)),
    walk(step) {
      const boxes = boxesNow();
      const next = nextMatch(matchedLit(findings.lit(store.state), boxes), selected(), step);
      if (next >= 0) goTo(next);
    },
    enter(back) {
      if (store.state.query.trim()) this.walk(back ? -1 : 1);
      else panel.camera.zoomTo(selected());
    },
    zoom: (factor) => void panel.camera.zoomBy(factor, middleOf(panel, selected())),
    fit: () => panel.camera.fitAll(),
    back: () => panel.camera.back(),
    picture: () => pictureOf(app, [panel]),
  };
}
