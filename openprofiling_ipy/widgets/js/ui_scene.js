/** Scenes: what the panels of all tabs are given to draw. */

/** @import { Boxes } from "./types.js" */
/** @import { Scene } from "./paint.js" */
/** @import { App } from "./ui_app.js" */

/**
 * @param {App} app
 * @param {Boxes} boxes
 * @param {Uint8Array | null} lit by node
 * @param {Uint8Array | null} marked by node
 * @returns {Scene}
 */
export function sceneOf(app, boxes, lit, marked) {
  return { boxes, lit, marked, palette: app.palette(), labels: app.labels, pale: app.view.few === true };
}

/** By node, which are of functions for which `is` holds: for pictures whose nodes are not the tree's. */
export const nodesOf = (/** @type {Boxes} */ boxes, /** @type {(fn: number) => boolean} */ is) => {
  const nodes = new Uint8Array(boxes.count);
  for (let box = 0; box < boxes.count; box++) if (is(boxes.fn[box])) nodes[boxes.node[box]] = 1;
  return nodes;
};
