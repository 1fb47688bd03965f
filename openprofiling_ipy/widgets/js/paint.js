/** Draws boxes: those in view and at least a pixel wide, with as much of their labels as fits. */

import { Run } from "./paint_run.js";
import { visible } from "./visible.js";

/** @import { Boxes, Viewport } from "./types.js" */
/** @import { Palette } from "./paint_colors.js" */
/** @import { Labels } from "./paint_text.js" */

/** Height of a row, px. A box fills it but for the last one. */
export const ROW = 20;
const RADIUS = 2.5;
/** Text begins this far inside its box. */
const INSET = 6;

/**
 * Where on the canvas rows and values lie, in CSS px.
 *
 * @typedef {object} Frame
 * @property {number} width
 * @property {number} height
 * @property {number} head height kept free at the top for an axis
 * @property {boolean} up the root stands at the bottom
 * @property {number} dpr device pixels per px
 */

/**
 * What is drawn, and how.
 *
 * @typedef {object} Scene
 * @property {Boxes} boxes
 * @property {Palette} palette
 * @property {Labels} labels
 * @property {Uint8Array | null} lit [nodes] what a search found; null: no search
 * @property {Uint8Array | null} marked [nodes] what is selected elsewhere as well; null: nothing
 * @property {boolean} pale too few samples to be believed
 */

/**
 * @typedef {object} Pointed boxes that stand out, -1 for none
 * @property {number} hovered
 * @property {number} selected
 */

export const FONT = '11.5px system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif';

/**
 * The upper edge of a row.
 *
 * @param {Frame} frame
 * @param {Viewport} view
 * @param {number} row
 */
export function rowTop(frame, view, row) {
  const down = (row - view.top) * ROW;
  return frame.up ? frame.height - down - ROW : frame.head + down;
}

/**
 * The row at a height, which may be none of the picture's.
 *
 * @param {Frame} frame
 * @param {Viewport} view
 * @param {number} y
 */
export function rowAt(frame, view, y) {
  if (y < frame.head) return -1;
  return Math.floor((frame.up ? frame.height - y : y - frame.head) / ROW + view.top);
}

/** @type {Int32Array} */
let buffer = new Int32Array(4096);

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {Pointed} pointed
 */
export function paintBoxes(context, frame, view, scene, pointed) {
  const { boxes, palette } = scene;
  const scale = frame.width / Math.max(view.x1 - view.x0, Number.MIN_VALUE);
  const rows = (frame.height - frame.head) / ROW;
  const seen = { x0: view.x0, x1: view.x1, row0: view.top, row1: view.top + rows };
  const shown = visible(boxes, seen, 1 / scale, buffer);
  if (shown.length > buffer.length / 2) buffer = new Int32Array(buffer.length * 2);
  context.font = FONT;
  context.textBaseline = "middle";
  context.fontKerning = "none";
  const slivers = new Run(context, ROW - 1);
  for (const box of shown) paintBox(context, frame, view, scene, box, scale, slivers);
  slivers.flush();
  if (scene.marked) paintMarks(context, frame, view, scene, shown, scale);
  fade(context, frame, palette.canvas.bg, view.top > 0.01, view.top + rows < boxes.rows - 0.01);
  outline(context, frame, view, scene, pointed.hovered, scale, 1.5);
  outline(context, frame, view, scene, pointed.selected, scale, 2.5);
}

/**
 * The edges of a box, cut at the window and on whole device pixels. A box wide enough leaves a gap to the next.
 *
 * @param {Frame} frame
 * @param {Viewport} view
 * @param {Boxes} boxes
 * @param {number} box
 * @param {number} scale
 * @returns {[number, number]} x and width
 */
function edges(frame, view, boxes, box, scale) {
  const { dpr } = frame;
  const left = Math.max((boxes.x0[box] - view.x0) * scale, -8);
  const right = Math.min((boxes.x1[box] - view.x0) * scale, frame.width + 8);
  const start = Math.round(left * dpr) / dpr;
  const end = Math.round(right * dpr) / dpr;
  const width = end - start;
  return [start, width >= 4 ? width - 1 : Math.max(width, 1)];
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {number} box
 * @param {number} scale
 * @param {Run} slivers
 */
function paintBox(context, frame, view, scene, box, scale, slivers) {
  const { boxes, palette, labels, lit } = scene;
  const [x, width] = edges(frame, view, boxes, box, scale);
  const y = rowTop(frame, view, boxes.row[box]);
  const fn = boxes.fn[box];
  const dim = lit !== null && !lit[boxes.node[box]];
  const pale = dim || scene.pale;
  const fill = pale ? palette.pale[fn] : palette.fill[fn];
  if (width < 8) return slivers.add(x, y, width, fill);
  context.fillStyle = fill;
  context.beginPath();
  context.roundRect(x, y, width, ROW - 1, RADIUS);
  context.fill();
  const from = Math.max(x, 0) + INSET;
  const room = Math.min(x + width, frame.width) - from - INSET + 2;
  const text = room > 12 ? labels.fit(fn, room) : "";
  if (!text) return;
  const [ink, soft] = dim ? [palette.paleInk, palette.paleInk] : pale ? [palette.canvas.ink, palette.canvas.muted] : [palette.ink[fn], palette.soft[fn]];
  const { full, name, widths } = labels.labelOf(fn);
  const named = text === full ? name : text;
  context.fillStyle = ink;
  context.fillText(named, from, y + ROW / 2);
  if (named === text) return;
  context.fillStyle = soft;
  context.fillText(text.slice(named.length), from + widths[1], y + ROW / 2);
}

/**
 * Underline every box of what is selected.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {Int32Array} shown
 * @param {number} scale
 */
function paintMarks(context, frame, view, { boxes, marked, palette }, shown, scale) {
  context.fillStyle = palette.canvas.accent;
  for (const box of shown) {
    if (!marked || !marked[boxes.node[box]]) continue;
    const [x, width] = edges(frame, view, boxes, box, scale);
    context.fillRect(x, rowTop(frame, view, boxes.row[box]) + ROW - 4, width, 3);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {number} box
 * @param {number} scale
 * @param {number} thick
 */
function outline(context, frame, view, { boxes, palette }, box, scale, thick) {
  if (box < 0 || box >= boxes.count || boxes.x1[box] < view.x0 || boxes.x0[box] > view.x1) return;
  const [x, width] = edges(frame, view, boxes, box, scale);
  const y = rowTop(frame, view, boxes.row[box]);
  const inset = thick / 2;
  context.strokeStyle = thick > 2 ? palette.canvas.accent : palette.canvas.ink;
  context.lineWidth = thick;
  context.beginPath();
  context.roundRect(x + inset, y + inset, Math.max(width - thick, 1), ROW - 1 - thick, RADIUS);
  context.stroke();
}

/** Height over which rows fade where there are more of them, px. */
const FADE = 14;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {string} color
 * @param {boolean} root whether rows are hidden on the root's side
 * @param {boolean} leaves whether rows are hidden on the other
 */
function fade(context, { width, height, head, up }, color, root, leaves) {
  const [above, below] = up ? [leaves, root] : [root, leaves];
  const edge = (/** @type {number} */ from, /** @type {number} */ to) => {
    const gradient = context.createLinearGradient(0, from, 0, to);
    gradient.addColorStop(0, color);
    gradient.addColorStop(1, `${color}00`);
    context.fillStyle = gradient;
    context.fillRect(0, Math.min(from, to), width, FADE);
  };
  if (above) edge(head, head + FADE);
  if (below) edge(height, height - FADE);
}
