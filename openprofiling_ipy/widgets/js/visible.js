/**
 * The boxes worth painting: in view and at least `smallest` wide.
 *
 * A box that wide covers at least one multiple of `smallest`, so a row is looked at only there: the cost is that of the
 * boxes painted, or at most one search a pixel where all are too small; rows with nothing wide enough cost nothing.
 */

import { grown } from "./grow.js";
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
  let found = 0;
  const last = Math.min(Math.ceil(view.row1), boxes.rows);
  for (let row = Math.max(Math.floor(view.row0), 0); row < last; row++) {
    if (boxes.widest[row] < smallest) continue;
    const end = boxes.rowStart[row + 1];
    let box = Math.max(lastFrom(boxes.x0, view.x0, boxes.rowStart[row], end), boxes.rowStart[row]);
    if (box < end && boxes.x1[box] <= view.x0) box++;
    while (box < end && boxes.x0[box] < view.x1) {
      if (boxes.x1[box] - boxes.x0[box] < smallest) {
        box = next(boxes, box, end, smallest);
        continue;
      }
      if (found === buffer.length) buffer = grown(buffer, 0);
      buffer[found++] = box++;
    }
  }
  return buffer.subarray(0, found);
}

/**
 * The next box that may be wide enough: the one at or behind the next multiple of `smallest`.
 * @param {Boxes} boxes
 * @param {number} box
 * @param {number} end
 * @param {number} smallest
 * @returns {number}
 */
function next(boxes, box, end, smallest) {
  const x = Math.ceil(boxes.x1[box] / smallest) * smallest;
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
