/** The flame graph, left heavy, with the crumbs of its zoom. */

import { lineNodes } from "./lines.js";
import { hit } from "./hit.js";
import { matchedLit, sceneOf } from "./ui_scene.js";
import { createCrumbs } from "./ui_crumbs.js";
import { describe } from "./ui_describe.js";
import { h } from "./ui_dom.js";
import { Panel } from "./ui_panel.js";
import { pictureOf } from "./paint_picture.js";
import { remember } from "./store.js";

/** @import { Boxes, Tree } from "./types.js" */
/** @import { App } from "./ui_app.js" */
/** @import { View } from "./ui_views.js" */

/** @param {App} app @returns {View} */
export function createFlame(app) {
  const { store, findings } = app;
  let last = -1;
  const boxOfNode = remember(boxesByNode);
  const marks = remember((/** @type {Tree} */ tree, /** @type {string} */ file, /** @type {number} */ line) => lineNodes(app.profile, tree, file, line));
  const crumbs = createCrumbs(app, { go: (box) => (box < 0 ? panel.camera.fitAll() : panel.camera.zoomTo(box)) });
  const panel = new Panel({
    app,
    label: "Flame graph: each frame as wide as its total, its callers above it. The Sandwich tab has the same as a table.",
    onclick(box) {
      select(box);
      panel.camera.zoomTo(box);
    },
    card: (box, { boxes }) =>
      describe(app, { fn: boxes.fn[box], self: boxes.self[box], total: boxes.total[box], lines: findings.nodeLines(store.state, boxes.node[box]) }),
    onmove: () => crumbs.show(pathOf(panel), panel.scene?.boxes ?? null, panel.camera.zoomed),
  });
  const element = h("div", { class: "frame" }, crumbs.element, panel.element);

  /** @param {number} box */
  function select(box) {
    const boxes = findings.flame(store.state);
    store.set(box < 0 ? { selected: -1, node: -1, line: null } : { selected: boxes.fn[box], node: boxes.node[box], line: null });
  }
  function selected() {
    const { node } = store.state;
    const boxes = findings.flame(store.state);
    return node < 0 ? -1 : (boxOfNode(boxes)[node] ?? -1);
  }
  function update() {
    const { state } = store;
    const boxes = findings.flame(state);
    const tree = findings.tree(state);
    const marked = state.line ? marks(tree, state.line.file, state.line.line) : sameFunction(tree, state.selected);
    panel.show(sceneOf(app, boxes, findings.lit(state), marked), selected(), state.up);
    // What was selected in another tab comes into view here.
    if (state.selected !== last && state.node < 0) panel.camera.reveal(widestOf(boxes, state.selected));
    last = state.selected;
  }
  return {
    element,
    update,
    move(dx, dy) {
      const next = neighbour(findings.flame(store.state), selected(), dx, store.state.up ? -dy : dy);
      select(next);
      panel.camera.reveal(next);
    },
    walk(step) {
      const boxes = findings.flame(store.state);
      const next = nextMatch(matchedLit(findings.lit(store.state), boxes), selected(), step);
      if (next < 0) return;
      select(next);
      panel.camera.reveal(next);
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

const boxesByNode = (/** @type {Boxes} */ boxes) => {
  const box = new Int32Array(boxes.count).fill(-1);
  for (let i = 0; i < boxes.count; i++) box[boxes.node[i]] = i;
  return box;
};

export const sameFunction = remember((/** @type {Tree} */ tree, /** @type {number} */ fn) =>
  fn < 0 ? null : Uint8Array.from(tree.fn, (other) => (other === fn ? 1 : 0)),
);

/** @param {Boxes} boxes @param {number} fn */
function widestOf(boxes, fn) {
  let widest = -1;
  for (let box = 0; box < boxes.count; box++) {
    if (boxes.fn[box] === fn && (widest < 0 || boxes.total[box] > boxes.total[widest])) widest = box;
  }
  return widest;
}

/** Keys zoom at the selected box where it is in view. @param {Panel} panel @param {number} box */
export function middleOf({ scene, camera }, box) {
  const { x0, x1 } = camera.goal;
  if (!scene || box < 0) return undefined;
  const middle = (scene.boxes.x0[box] + scene.boxes.x1[box]) / 2;
  return middle > x0 && middle < x1 ? middle : undefined;
}

/**
 * The frames that fill the window, root first: those above the zoomed one, or above all that is seen.
 *
 * @param {Panel} panel
 * @returns {number[]}
 */
function pathOf({ scene, camera }) {
  if (!scene || !camera.zoomed) return [];
  const { boxes } = scene;
  const { x0, x1 } = camera.goal;
  const slack = (x1 - x0) * 1e-6;
  let deepest = camera.focus;
  for (let row = 0; camera.focus < 0 && row < boxes.rows; row++) {
    const box = hit(boxes, (x0 + x1) / 2, row);
    if (box < 0 || boxes.x0[box] > x0 + slack || boxes.x1[box] < x1 - slack) break;
    deepest = box;
  }
  const path = [];
  for (let box = deepest; box >= 0; box = boxes.parent[box]) path.unshift(box);
  return path;
}

/**
 * The box beside, above or below; the first one where none is selected, the same one at an edge.
 *
 * @param {Boxes} boxes
 * @param {number} box
 * @param {number} dx
 * @param {number} dy towards the leaves
 */
export function neighbour(boxes, box, dx, dy) {
  if (box < 0) return boxes.count ? 0 : -1;
  if (dy < 0) return boxes.parent[box] >= 0 ? boxes.parent[box] : box;
  if (dy > 0) return widestChild(boxes, box);
  const next = box + dx;
  const row = boxes.row[box];
  return next >= boxes.rowStart[row] && next < boxes.rowStart[row + 1] ? next : box;
}

/** @param {Boxes} boxes @param {number} box */
function widestChild(boxes, box) {
  let best = box;
  let width = 0;
  const row = boxes.row[box] + 1;
  if (row >= boxes.rows) return box;
  for (let i = boxes.rowStart[row]; i < boxes.rowStart[row + 1] && boxes.x0[i] < boxes.x1[box]; i++) {
    if (boxes.parent[i] === box && boxes.x1[i] - boxes.x0[i] > width) {
      best = i;
      width = boxes.x1[i] - boxes.x0[i];
    }
  }
  return best;
}

/**
 * The match after (1) or before (-1) a box in reading order; round at the ends.
 *
 * @param {Int32Array} matches boxes in reading order
 * @param {number} box
 * @param {number} step
 */
export function nextMatch(matches, box, step) {
  if (!matches.length) return -1;
  if (step > 0) return matches.find((match) => match > box) ?? matches[0];
  return matches.findLast((match) => match < box) ?? matches[matches.length - 1];
}
