/** The maths of zoom and pan. All functions are pure: they take a viewport and return another that stays in bounds. */

/** @import { Boxes, Extent, Viewport } from "./types.js" */

/**
 * @param {Viewport} view
 * @param {Extent} extent
 * @returns {Viewport}
 */
export function clamp(view, extent) {
  const whole = Math.max(extent.x1 - extent.x0, 0);
  const width = Math.min(Math.max(view.x1 - view.x0, Math.min(extent.narrowest, whole)), whole);
  const middle = (view.x0 + view.x1) / 2;
  const x0 = Math.min(Math.max(middle - width / 2, extent.x0), extent.x1 - width);
  const top = Math.min(Math.max(view.top, 0), Math.max(extent.rows - extent.seen, 0));
  return { x0, x1: x0 + width, top };
}

/**
 * Zoom by `factor` (over 1: closer), keeping the point `x` where it is.
 * @param {Viewport} view
 * @param {Extent} extent
 * @param {number} factor
 * @param {number} x
 * @returns {Viewport}
 */
export function zoom(view, extent, factor, x) {
  const whole = extent.x1 - extent.x0;
  const width = Math.min(Math.max((view.x1 - view.x0) / factor, Math.min(extent.narrowest, whole)), whole);
  const share = view.x1 > view.x0 ? (x - view.x0) / (view.x1 - view.x0) : 0.5;
  const x0 = x - share * width;
  return clamp({ ...view, x0, x1: x0 + width }, extent);
}

/**
 * @param {Viewport} view
 * @param {Extent} extent
 * @param {number} x
 * @param {number} rows
 * @returns {Viewport}
 */
export function pan(view, extent, x, rows) {
  return clamp({ x0: view.x0 + x, x1: view.x1 + x, top: view.top + rows }, extent);
}

/**
 * Everything.
 * @param {Extent} extent
 * @returns {Viewport}
 */
export function whole(extent) {
  return { x0: extent.x0, x1: extent.x1, top: 0 };
}

/**
 * The viewport that shows a box over the whole width, scrolling no more than it must.
 * @param {Viewport} view
 * @param {Extent} extent
 * @param {Boxes} boxes
 * @param {number} box
 * @returns {Viewport}
 */
export function fit(view, extent, boxes, box) {
  const { top } = reveal(view, extent, boxes, box);
  return clamp({ x0: boxes.x0[box], x1: boxes.x1[box], top }, extent);
}

/**
 * The nearest viewport of the same scale in which a box is seen.
 * @param {Viewport} view
 * @param {Extent} extent
 * @param {Boxes} boxes
 * @param {number} box
 * @returns {Viewport}
 */
export function reveal(view, extent, boxes, box) {
  const row = boxes.row[box];
  const top = Math.min(Math.max(view.top, row + 1 - extent.seen), row);
  const [x0, x1] = [boxes.x0[box], boxes.x1[box]];
  const width = view.x1 - view.x0;
  // A box wider than the window is in view where any of it is.
  if (x1 > view.x0 && x0 < view.x1 && (x1 - x0 > width || (x0 >= view.x0 && x1 <= view.x1))) {
    return clamp({ ...view, top }, extent);
  }
  const start = x1 - x0 > width ? x0 : (x0 + x1 - width) / 2;
  return clamp({ x0: start, x1: start + width, top }, extent);
}

/**
 * @param {Viewport} one
 * @param {Viewport} two
 * @returns {boolean}
 */
export function same(one, two) {
  return one.x0 === two.x0 && one.x1 === two.x1 && one.top === two.top;
}

/**
 * A moment of the move between two viewports. The width changes by an equal factor in equal time, which looks steady.
 * @param {Viewport} from
 * @param {Viewport} to
 * @param {number} t 0 to 1, already eased
 * @returns {Viewport}
 */
export function between(from, to, t) {
  if (t >= 1) return to;
  const [start, end] = [from.x1 - from.x0, to.x1 - to.x0];
  const top = from.top + (to.top - from.top) * t;
  if (!(start > 0 && end > 0)) return { ...to, top };
  const width = start * (end / start) ** t;
  // What part of the way the width has gone is the part its edges go: the fixed point of the zoom stays fixed.
  const part = start === end ? t : (width - start) / (end - start);
  const x0 = from.x0 + (to.x0 - from.x0) * part;
  return { x0, x1: x0 + width, top };
}

/**
 * Ease out: fast at first.
 * @param {number} t time gone, 0 to 1
 * @returns {number}
 */
export function ease(t) {
  return 1 - (1 - Math.min(Math.max(t, 0), 1)) ** 3;
}
