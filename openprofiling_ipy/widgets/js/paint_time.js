/** What time order has beside its boxes: the axis above them and the names of the lanes between them. */

import { formatPercent, formatValue } from "./format.js";
import { FONT, ROW, rowTop } from "./paint.js";

/** @import { Thread, TimeBoxes, Unit, Viewport } from "./types.js" */
/** @import { Frame } from "./paint.js" */
/** @import { Palette } from "./paint_colors.js" */
/** @import { Ruler } from "./paint_text.js" */

/** Height of the axis, px. */
export const AXIS = 20;
/** Ticks stand at least this far apart, px. */
const APART = 84;

/** Units of time an axis may be written in. @type {[number, string][]} */
const SCALES = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

/**
 * Where ticks stand and what they say: steps of 1, 2 or 5, as many digits as the step needs, one unit for all.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} most how many at most
 * @param {Unit} unit
 * @returns {{at: number, text: string}[]}
 */
export function ticks(from, to, most, unit) {
  const rough = (to - from) / Math.max(most, 1);
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough) ?? power * 10;
  const [scale, name] = unit === "ns" ? (SCALES.find(([size]) => to >= size) ?? SCALES[3]) : [1, ""];
  const digits = Math.min(Math.max(0, -Math.floor(Math.log10(step / scale) + 1e-9)), 9);
  const list = [];
  for (let n = Math.ceil(from / step - 1e-9); n * step <= to; n++) {
    const text = unit === "ns" ? `${((n * step) / scale).toFixed(digits)} ${name}` : formatValue(n * step, unit);
    list.push({ at: n * step, text });
  }
  return list;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {Viewport} view
 * @param {Palette} palette
 * @param {Unit} unit
 * @param {Ruler} ruler
 */
export function paintAxis(context, frame, view, palette, unit, ruler) {
  const { canvas } = palette;
  const scale = frame.width / Math.max(view.x1 - view.x0, Number.MIN_VALUE);
  context.fillStyle = canvas.bg;
  context.fillRect(0, 0, frame.width, AXIS);
  context.font = FONT;
  context.textBaseline = "middle";
  for (const { at, text } of ticks(view.x0, view.x1, frame.width / APART, unit)) {
    const x = Math.round((at - view.x0) * scale);
    context.fillStyle = canvas.line;
    context.fillRect(x, 0, 1, AXIS);
    context.fillStyle = canvas.muted;
    if (x + 5 + ruler.width(text) <= frame.width) context.fillText(text, x + 5, AXIS / 2);
  }
  context.fillStyle = canvas.line;
  context.fillRect(0, AXIS - 1, frame.width, 1);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {Viewport} view
 * @param {Palette} palette
 * @param {{boxes: TimeBoxes, threads: Thread[], unit: Unit, total: number, ruler: Ruler}} picture
 */
export function paintLanes(context, frame, view, palette, { boxes, threads, unit, total, ruler }) {
  const { canvas } = palette;
  context.font = FONT;
  context.textBaseline = "middle";
  for (const lane of boxes.lanes) {
    if (lane.headerRow < 0) continue;
    const y = rowTop(frame, view, lane.headerRow);
    if (y + ROW < 0 || y > frame.height) continue;
    context.fillStyle = canvas.soft;
    context.fillRect(0, y, frame.width, ROW - 1);
    const name = ruler.clip(laneName(threads[lane.thread]), frame.width * 0.6);
    context.fillStyle = canvas.ink;
    context.fillText(name, 6, y + ROW / 2);
    context.fillStyle = canvas.muted;
    const share = total > 0 ? ` (${formatPercent(lane.total / total)})` : "";
    context.fillText(`${formatValue(lane.total, unit)}${share}`, 6 + ruler.width(name) + 12, y + ROW / 2);
  }
}

/** @param {Thread} thread */
export function laneName(thread) {
  const name = thread.name || "(no name)";
  return thread.kind === "task" ? `task ${name}` : name;
}
