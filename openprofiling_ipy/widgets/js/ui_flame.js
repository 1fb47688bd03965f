/** The flame graph, left heavy, with the crumbs of its zoom. */

import { hit } from "./hit.js";
import { lineNodes } from "./lines.js";
import { remember } from "./store.js";
import { describe } from "./ui_describe.js";
import { Picture } from "./ui_picture.js";
import { sceneOf } from "./ui_scene.js";
import { boxOfPath, heaviestOf, sameFunction } from "./ui_walk.js";

/** @import { Boxes, Tree } from "./types.js" */
/** @import { App } from "./ui_app.js" */
/** @import { Panel } from "./ui_panel.js" */

const LABEL = "Flame graph: each frame as wide as its total, its callers above it. The Sandwich tab has the same as a table.";

export class Flame extends Picture {
  /** @param {App} app */
  constructor(app) {
    const { store, findings } = app;
    super(app, {
      label: LABEL,
      boxes: () => findings.flame(store.state),
      selected: () => boxOf(findings.flame(store.state), store.state.node),
      card: (box, { boxes }) =>
        describe(app, { fn: boxes.fn[box], self: boxes.self[box], total: boxes.total[box], lines: findings.nodeLines(store.state, boxes.node[box]) }),
      onmove: () => this.crumbs.show(pathOf(this.panel), this.panel.scene?.boxes ?? null, this.panel.camera.zoomed),
    });
    /** The function that was selected when this tab last looked. */
    this.known = -1;
    this.marks = remember((/** @type {Tree} */ tree, /** @type {string} */ file, /** @type {number} */ line) => lineNodes(app.profile, tree, file, line));
  }

  update() {
    const { store, findings } = this.app;
    const { state } = store;
    const boxes = this.boxes();
    const tree = findings.tree(state);
    const { scene } = this.panel;
    const path = scene && scene.boxes !== boxes ? pathOf(this.panel).map((box) => scene.boxes.fn[box]) : [];
    const marked = state.line ? this.marks(tree, state.line.file, state.line.line) : sameFunction(tree, state.selected);
    this.panel.show(sceneOf(this.app, boxes, findings.lit(state), marked), this.selected(), state.up);
    // Other numbers or folds of the same frames: the zoom stays with the frames.
    this.panel.camera.startAt(boxOfPath(boxes, path));
    // What was selected in another tab comes into view here.
    if (state.selected !== this.known && state.node < 0) this.panel.camera.reveal(heaviestOf(boxes, state.selected));
    this.known = state.selected;
  }
}

const boxesByNode = remember((/** @type {Boxes} */ boxes) => {
  const box = new Int32Array(boxes.count).fill(-1);
  for (let i = 0; i < boxes.count; i++) box[boxes.node[i]] = i;
  return box;
});

/** @param {Boxes} boxes @param {number} node */
function boxOf(boxes, node) {
  return node < 0 ? -1 : (boxesByNode(boxes)[node] ?? -1);
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
