/**
 * The boxes worth painting: in view and, in a flame graph, at least `smallest` wide.
 *
 * What hangs on a box is no wider than it, so each row is looked at only below the boxes found in the row before. Where
 * siblings are sorted by width, the first that is too small ends them. In time order many that are too small may stand
 * side by side and a blank would look like idleness: there one of them stands for all in a cell of `smallest`. Either
 * way the cost is that of the boxes painted, whatever the size of the profile.
 */

import { grown } from "./columns.js";
import { lastFrom } from "./hit.js";

/** @import { Boxes } from "./types.js" */

/**
 * @param {Boxes} boxes
 * @param {{x0: number, x1: number, row0: number, row1: number}} view rows [row0, row1)
 * @param {number} smallest width, in the unit of x; usually that of a pixel
 * @param {Int32Array} [buffer] reused where it is long enough
 * @returns {Int32Array} box ids, by row and x
 */
export function visible(boxes, view, smallest, buffer = new Int32Array(1024)) {
  const found = { boxes: buffer, count: 0 };
  const first = Math.max(Math.floor(view.row0), 0);
  const last = Math.min(Math.ceil(view.row1), boxes.rows);
  let before = 0;
  for (let row = first; row < last; row++) {
    const start = boxes.rowStart[row];
    const above = found.count;
    // Every lane of a timeline has roots of its own.
    if (row === first || boxes.parent[start] < 0) along(boxes, start, row, view, smallest, found, false);
    else {
      for (let i = before; i < above; i++) {
        const child = boxes.firstChild[found.boxes[i]];
        if (child >= 0) along(boxes, child, row, view, smallest, found, true);
      }
    }
    before = above;
  }
  return found.boxes.subarray(0, found.count);
}

/**
 * Add the boxes of a row from `box` on: all of them or only its siblings.
 * @param {Boxes} boxes
 * @param {number} box
 * @param {number} row
 * @param {{x0: number, x1: number}} view
 * @param {number} smallest
 * @param {{boxes: Int32Array, count: number}} found
 * @param {boolean} siblings
 */
function along(boxes, box, row, view, smallest, found, siblings) {
  const { x0, x1, parent, rowStart } = boxes;
  const end = rowStart[row + 1];
  if (box >= end || (boxes.heaviestFirst && boxes.widest[row] < smallest)) return;
  const above = parent[box];
  const sorted = siblings && boxes.heaviestFirst;
  if (x1[box] <= view.x0) {
    box = Math.max(lastFrom(x0, view.x0, box, end), box);
    if (x1[box] <= view.x0) box++;
  }
  while (box < end && x0[box] < view.x1 && !(siblings && parent[box] !== above)) {
    const wide = x1[box] - x0[box] >= smallest;
    if (!wide && sorted) return;
    if (wide || !boxes.heaviestFirst) {
      if (found.count === found.boxes.length) found.boxes = grown(found.boxes, 0);
      found.boxes[found.count++] = box;
    }
    box = wide ? box + 1 : next(boxes, box, end, smallest);
  }
}

/**
 * The box at or behind the next multiple of `smallest`: one that is wide enough covers a multiple.
 * @param {Boxes} boxes
 * @param {number} box
 * @param {number} end
 * @param {number} smallest
 * @returns {number}
 */
function next(boxes, box, end, smallest) {
  // A little less, or rounding would leap over a box that begins right here.
  const x = Math.ceil(boxes.x1[box] / smallest - 1e-9) * smallest;
  // Gallop: the place is mostly near.
  let step = 1;
  let low = box + 1;
  while (low + step < end && boxes.x1[low + step] <= x) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, end);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (boxes.x1[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
