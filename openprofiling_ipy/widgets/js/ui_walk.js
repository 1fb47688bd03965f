/** Walking a picture box by box: to neighbours, to matches, and to what was selected elsewhere. */

import { remember } from "./store.js";

/** @import { Boxes, Tree } from "./types.js" */

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
function widestChild({ parent, firstChild, x0, x1, count }, box) {
  let best = box;
  let width = 0;
  // The children of a box stand side by side.
  for (let child = firstChild[box]; child >= 0 && child < count && parent[child] === box; child++) {
    if (x1[child] - x0[child] <= width) continue;
    best = child;
    width = x1[child] - x0[child];
  }
  return best;
}

/**
 * Follow a path of functions as far as it goes, over those that are not there; -1 where none is.
 *
 * @param {Boxes} boxes
 * @param {number[]} path root first
 */
export function boxOfPath({ fn, parent, firstChild, rowStart, count }, path) {
  let box = -1;
  for (const wanted of path) {
    let child = box < 0 ? (rowStart[0] ?? -1) : firstChild[box];
    while (child >= 0 && child < count && parent[child] === box && fn[child] !== wanted) child++;
    if (child >= 0 && child < count && parent[child] === box) box = child;
  }
  return box;
}

/**
 * The match after (1) or before (-1) a box in reading order; round at the ends, -1 where there is none.
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

/** The boxes that are lit, in reading order. */
export const litBoxes = remember((/** @type {Uint8Array | null} */ lit, /** @type {Boxes} */ boxes) => {
  const found = [];
  for (let box = 0; lit && box < boxes.count; box++) if (lit[boxes.node[box]]) found.push(box);
  return Int32Array.from(found);
});

/** The nodes of a function, null for none. */
export const sameFunction = remember((/** @type {Tree} */ tree, /** @type {number} */ fn) =>
  fn < 0 ? null : Uint8Array.from(tree.fn, (other) => (other === fn ? 1 : 0)),
);

/** The heaviest box of a function, -1 for none. @param {Boxes} boxes @param {number} fn */
export function heaviestOf(boxes, fn) {
  let heaviest = -1;
  for (let box = 0; box < boxes.count; box++) {
    if (boxes.fn[box] === fn && (heaviest < 0 || boxes.total[box] > boxes.total[heaviest])) heaviest = box;
  }
  return heaviest;
}
