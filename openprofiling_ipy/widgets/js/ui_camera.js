/** What part of a picture is seen, how it moves there, and the way back. */

import { between, clamp, ease, fit, pan, reveal, same, whole, zoom } from "./viewport.js";

/** @import { Boxes, Extent, Viewport } from "./types.js" */
/** @import { Gate } from "./store.js" */

/** How long a move takes, ms. */
const MOVE = 150;
const LONGEST_PAST = 50;
/** A box that is narrower than this in the window cannot be seen well, px. */
const NARROW = 3;

/**
 * @typedef {object} Stage what the camera looks at
 * @property {Gate} gate
 * @property {() => Extent} extent
 * @property {() => Boxes | null} boxes
 * @property {() => number} width px
 * @property {(view: Viewport) => void} show draw this, now
 * @property {() => void} moved it has gone, or is going, elsewhere
 * @property {() => boolean} still whether nothing may be animated
 */

export class Camera {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Viewport} */
    this.view = { x0: 0, x1: 1, top: 0 };
    /** The box that was zoomed into, for as long as the view is of it; -1 none. */
    this.focus = -1;
    /** @type {{from: Viewport, to: Viewport, start: number} | null} */
    this.move = null;
    /** @type {Viewport[]} */
    this.past = [];
    this.step = this.step.bind(this);
  }

  close() {
    this.stage.gate.drop(this.step);
  }

  /** Look at another picture: all of it. */
  reset() {
    this.past = [];
    this.move = null;
    this.focus = -1;
    this.view = whole(this.stage.extent());
  }

  /** Where the view is or is going. */
  get goal() {
    return this.move?.to ?? this.view;
  }

  get zoomed() {
    const { x0, x1 } = this.stage.extent();
    return this.goal.x1 - this.goal.x0 < (x1 - x0) * (1 - 1e-9);
  }

  /** @param {Viewport} to @param {boolean} [smooth] */
  go(to, smooth = true) {
    if (same(to, this.goal)) return;
    if (smooth && !this.stage.still()) {
      this.move = { from: this.view, to, start: -1 };
      this.stage.gate.ask(this.step);
    } else {
      this.move = null;
      this.view = to;
      this.stage.show(to);
    }
    this.stage.moved();
  }

  /** @param {number} now */
  step(now) {
    const { move } = this;
    if (!move) return;
    if (move.start < 0) move.start = now;
    const t = (now - move.start) / MOVE;
    this.view = between(move.from, move.to, ease(t));
    if (t >= 1) this.move = null;
    else this.stage.gate.ask(this.step);
    this.stage.show(this.view);
  }

  /** Make the present view one to come back to. */
  remember() {
    const last = this.past.at(-1);
    if (!last || !same(last, this.goal)) this.past.push(this.goal);
    if (this.past.length > LONGEST_PAST) this.past.shift();
  }

  /** @param {number} box */
  zoomTo(box) {
    const boxes = this.stage.boxes();
    if (!boxes || box < 0) return;
    const to = fit(this.goal, this.stage.extent(), boxes, box);
    if (!same(to, this.goal)) this.remember();
    this.focus = box;
    this.go(to);
    this.stage.moved();
  }

  /** Be at a box, as if one had always been there. @param {number} box */
  startAt(box) {
    const boxes = this.stage.boxes();
    if (!boxes || box < 0) return;
    this.focus = box;
    this.go(fit(this.goal, this.stage.extent(), boxes, box), false);
  }

  /** Bring a box into view; one too narrow to be seen is zoomed near. @param {number} box */
  reveal(box) {
    const boxes = this.stage.boxes();
    if (!boxes || box < 0) return;
    const part = (boxes.x1[box] - boxes.x0[box]) / (this.goal.x1 - this.goal.x0);
    const parent = boxes.parent[box];
    if (part * this.stage.width() >= NARROW || parent < 0) {
      const to = reveal(this.goal, this.stage.extent(), boxes, box);
      if (to.x0 !== this.goal.x0) this.remember();
      this.go(to);
      return;
    }
    const inParent = (boxes.x1[box] - boxes.x0[box]) / (boxes.x1[parent] - boxes.x0[parent]);
    this.zoomTo(inParent * this.stage.width() < NARROW ? box : parent);
  }

  /**
   * Zoom, and say whether that was possible.
   *
   * @param {number} factor
   * @param {number} [x] what stays in place; the middle
   * @param {boolean} [smooth]
   */
  zoomBy(factor, x = (this.goal.x0 + this.goal.x1) / 2, smooth = true) {
    const to = zoom(this.goal, this.stage.extent(), factor, x);
    if (same(to, this.goal)) return false;
    // A turn of the wheel is many small steps: the way back leads to where it began.
    if (!this.zoomed || this.focus >= 0) this.remember();
    this.focus = -1;
    this.go(to, smooth);
    return true;
  }

  /** Pan at once, and say whether that was possible. @param {number} x value @param {number} rows */
  slide(x, rows) {
    const to = pan(this.view, this.stage.extent(), x, rows);
    if (same(to, this.view)) return false;
    if (to.x0 !== this.view.x0) this.focus = -1;
    this.go(to, false);
    return true;
  }

  fitAll() {
    if (!this.zoomed) return;
    this.remember();
    this.focus = -1;
    this.go({ ...whole(this.stage.extent()), top: this.goal.top });
  }

  /** Undo the last zoom; false where there is none. */
  back() {
    this.focus = -1;
    for (let last = this.past.pop(); last; last = this.past.pop()) {
      const to = clamp(last, this.stage.extent());
      if (to.x0 === this.goal.x0 && to.x1 === this.goal.x1) continue;
      this.go(to);
      return true;
    }
    if (!this.zoomed) return false;
    this.go(whole(this.stage.extent()));
    return true;
  }
}
