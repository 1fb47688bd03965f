/** Which box lies under a point. */

/** @import { Boxes } from "./types.js" */

/**
 * @param {Boxes} boxes
 * @param {number} x
 * @param {number} row
 * @returns {number} -1 for none
 */
export function hit(boxes, x, row) {
  if (row < 0 || row >= boxes.rows) return -1;
  const box = lastFrom(boxes.x0, x, boxes.rowStart[row], boxes.rowStart[row + 1]);
  return box >= boxes.rowStart[row] && x < boxes.x1[box] ? box : -1;
}

/**
 * The last of `sorted[from..to)` that is at most `x`; `from - 1` where none is.
 * @param {Float64Array} sorted
 * @param {number} x
 * @param {number} from
 * @param {number} to
 * @returns {number}
 */
export function lastFrom(sorted, x, from, to) {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
