/** Time order: a band for each thread, from left to right what ran when. */

import { formatValue } from "./format.js";
import { AXIS, paintAxis, paintLanes } from "./paint_time.js";
import { leftOut } from "./timeline.js";
import { describe } from "./ui_describe.js";
import { Picture } from "./ui_picture.js";
import { sceneOf } from "./ui_scene.js";
import { sameFunction } from "./ui_walk.js";

/** @import { TimeBoxes, Viewport } from "./types.js" */
/** @import { Frame } from "./paint.js" */
/** @import { App } from "./ui_app.js" */

export class Time extends Picture {
  /** @param {App} app */
  constructor(app) {
    super(app, {
      head: AXIS,
      label: "Time order: from left to right what ran when, a band for each thread",
      boxes: () => this.now(),
      selected: () => this.nearest(),
      card: (box) => this.card(box),
      onmove: () => this.sayRange(),
      decorate: (context, frame, view) => this.decorate(context, frame, view),
    });
    /** The box that was selected here: of the many in time that are one node of the flame graph. */
    this.last = -1;
  }

  /** @returns {TimeBoxes} */
  now() {
    return this.app.findings.time(this.app.store.state);
  }

  get unit() {
    return this.now().clock ? "ns" : this.app.unit;
  }

  update() {
    const { app, panel } = this;
    const { state } = app.store;
    const marked = sameFunction(app.findings.tree(state), state.selected);
    panel.show(sceneOf(app, this.now(), app.findings.lit(state), marked), this.selected(), false);
  }

  /** @param {number} box */
  select(box) {
    this.last = box;
    super.select(box);
  }

  nearest() {
    const { node } = this.app.store.state;
    const boxes = this.now();
    if (node >= 0 && boxes.node[this.last] !== node) this.last = boxes.node.indexOf(node);
    return node < 0 ? -1 : this.last;
  }

  /** @param {number} box */
  card(box) {
    const { fn, self, total, x0, x1, clock } = this.now();
    const [from, length] = [x0[box], x1[box] - x0[box]].map((time) => formatValue(time, this.unit));
    return describe(this.app, { fn: fn[box], self: self[box], total: total[box], note: clock ? `${length} from ${from} on` : "" });
  }

  sayRange() {
    const { camera } = this.panel;
    const { lanes, x1Max } = this.now();
    const [from, to, all] = [camera.goal.x0, camera.goal.x1, x1Max].map((x) => formatValue(x, this.unit));
    const range = camera.zoomed ? `${from} – ${to} of ${all}` : `All · ${all}`;
    this.crumbs.say([range, ...leftOut(lanes)].join(" · "), camera.zoomed);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Frame} frame
   * @param {Viewport} view
   */
  decorate(context, frame, view) {
    const { profile, ruler, store, findings, palette } = this.app;
    const picture = { boxes: this.now(), threads: profile.threads, unit: this.app.unit, total: findings.total(store.state), ruler };
    paintLanes(context, frame, view, palette(), picture);
    paintAxis(context, frame, view, palette(), this.unit, ruler);
  }
}
