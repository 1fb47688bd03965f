/** What the flame graph and time order have in common: one panel, a selected box, and the keys that move it. */

import { pictureOf } from "./paint_picture.js";
import { h } from "./ui_dom.js";
import { createCrumbs } from "./ui_crumbs.js";
import { Panel } from "./ui_panel.js";
import { litBoxes, neighbour, nextMatch } from "./ui_walk.js";

/** @import { Boxes, Viewport } from "./types.js" */
/** @import { Frame, Scene } from "./paint.js" */
/** @import { App } from "./ui_app.js" */

/**
 * @typedef {object} PictureOptions
 * @property {string} label
 * @property {number} [head]
 * @property {() => Boxes} boxes of the present state
 * @property {(box: number, scene: Scene) => HTMLElement} card
 * @property {() => number} selected the selected box, -1 for none
 * @property {() => void} onmove
 * @property {(context: CanvasRenderingContext2D, frame: Frame, view: Viewport) => void} [decorate]
 */

export class Picture {
  /**
   * @param {App} app
   * @param {PictureOptions} options
   */
  constructor(app, options) {
    this.app = app;
    this.options = options;
    const { boxes, selected, ...rest } = options;
    this.boxes = boxes;
    this.selected = selected;
    this.crumbs = createCrumbs(app, (box) => (box < 0 ? this.fit() : this.panel.camera.zoomTo(box)));
    this.panel = new Panel({ app, ...rest, onclick: (box) => this.click(box) });
    this.element = h("div", { class: "frame" }, this.crumbs.element, this.panel.element);
  }

  /** @param {number} box */
  click(box) {
    this.select(box);
    this.panel.camera.zoomTo(box);
  }

  /** @param {number} box -1 for none */
  select(box) {
    const { fn, node } = this.boxes();
    this.app.store.set(box < 0 ? { selected: -1, node: -1, line: null } : { selected: fn[box], node: node[box], line: null });
  }

  /** @param {number} box */
  goTo(box) {
    if (box < 0) return;
    this.select(box);
    this.panel.camera.reveal(box);
  }

  /** @param {number} dx @param {number} dy */
  move(dx, dy) {
    this.goTo(neighbour(this.boxes(), this.selected(), dx, this.panel.frame.up ? -dy : dy));
  }

  /** @param {number} step */
  walk(step) {
    const { store, findings } = this.app;
    this.goTo(nextMatch(litBoxes(findings.lit(store.state), this.boxes()), this.selected(), step));
  }

  /** @param {boolean} back */
  enter(back) {
    if (this.app.store.state.query.trim()) this.walk(back ? -1 : 1);
    else this.panel.camera.zoomTo(this.selected());
  }

  /** Zoom at the selected box where it is in view. @param {number} factor */
  zoom(factor) {
    const { camera } = this.panel;
    const [boxes, box] = [this.boxes(), this.selected()];
    const middle = box < 0 ? Number.NaN : (boxes.x0[box] + boxes.x1[box]) / 2;
    const seen = middle > camera.goal.x0 && middle < camera.goal.x1;
    camera.zoomBy(factor, seen ? middle : undefined);
  }

  fit() {
    this.panel.camera.fitAll();
  }

  back() {
    return this.panel.camera.back();
  }

  picture() {
    return pictureOf(this.app, [this.panel]);
  }
}
