/** The picture as a file: what the open tab shows, all its rows, twice the size, under the header's line. */

import { FONT, ROW } from "./paint.js";
import { shown } from "./paint_text.js";

/** @import { App } from "./ui_app.js" */
/** @import { Panel } from "./ui_panel.js" */

const SCALE = 2;
const TITLE = 34;
const GAP = 8;
const LEAST_WIDE = 600;
/** Browsers draw no larger canvas, px of the file. */
const TALLEST = 16_000;

/**
 * @param {App} app
 * @param {Panel[]} panels drawn below each other
 * @returns {HTMLCanvasElement}
 */
export function pictureOf(app, panels) {
  const width = Math.max(...panels.map(({ frame }) => frame.width), LEAST_WIDE);
  const frames = panels.map(({ frame, scene }) => {
    const wanted = frame.head + (scene?.boxes.rows ?? 0) * ROW;
    return { ...frame, width, height: Math.min(wanted, TALLEST / SCALE / panels.length - TITLE), dpr: SCALE };
  });
  const canvas = document.createElement("canvas");
  canvas.width = (width + 2 * GAP) * SCALE;
  canvas.height = (TITLE + GAP + frames.reduce((sum, { height }) => sum + height + GAP, 0)) * SCALE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  context.scale(SCALE, SCALE);
  paintTitle(app, context, canvas.width / SCALE, canvas.height / SCALE);
  context.translate(GAP, TITLE);
  frames.forEach((frame, i) => {
    const view = panels[i].camera.goal;
    const top = frame.height < (panels[i].scene?.boxes.rows ?? 0) * ROW ? view.top : 0;
    context.save();
    context.beginPath();
    context.rect(0, 0, width, frame.height);
    context.clip();
    panels[i].paint(context, frame, { ...view, top });
    context.restore();
    context.translate(0, frame.height + GAP);
  });
  return canvas;
}

/**
 * @param {App} app
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} height
 */
function paintTitle({ view, ruler, palette }, context, width, height) {
  const { canvas } = palette();
  context.fillStyle = canvas.bg;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  context.font = `600 ${FONT}`;
  context.fillStyle = canvas.ink;
  const title = shown(view.title);
  context.fillText(title, GAP + 2, TITLE / 2);
  const from = GAP + 2 + context.measureText(title).width + 10;
  context.font = FONT;
  context.fillStyle = canvas.muted;
  context.fillText(ruler.clip(view.facts.map(shown).join(" · "), width - from - GAP), from, TITLE / 2);
}
