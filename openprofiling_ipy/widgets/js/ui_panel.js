/** A canvas of boxes that zooms, pans, scrolls, hovers and selects: what all flame graphs here have in common. */

import { hit } from "./hit.js";
import { paintBoxes, ROW, rowAt, rowTop } from "./paint.js";
import { Camera } from "./ui_camera.js";
import { h } from "./ui_dom.js";
import { attachPointer } from "./ui_pointer.js";
import { clamp } from "./viewport.js";

/** @import { Extent, Viewport } from "./types.js" */
/** @import { Frame, Scene } from "./paint.js" */
/** @import { App } from "./ui_app.js" */

/** The closest zoom shows this part of the whole. */
const NARROWEST = 1e-8;

/**
 * @typedef {object} PanelOptions
 * @property {App} app
 * @property {string} label says what the canvas shows
 * @property {number} [head] px kept free above the boxes
 * @property {(box: number) => void} onclick -1: beside all boxes
 * @property {(box: number, scene: Scene) => HTMLElement} card what the hover card says of a box
 * @property {() => void} [onmove] another part is seen, or soon will be
 * @property {(context: CanvasRenderingContext2D, frame: Frame, view: Viewport) => void} [decorate] draws over the boxes
 */

export class Panel {
  /** @param {PanelOptions} options */
  constructor(options) {
    const { app, label, head = 0, onmove = () => {} } = options;
    this.options = options;
    this.app = app;
    this.canvas = h("canvas", { class: "canvas", tabindex: 0, role: "application", "aria-label": label });
    this.spacer = h("div");
    this.element = h("div", { class: "scroll", tabindex: -1 }, this.canvas, this.spacer);
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
    /** @type {Scene | null} */
    this.scene = null;
    /** @type {Frame} */
    this.frame = { width: 0, height: 0, head, up: false, dpr: 1 };
    this.hovered = -1;
    this.selected = -1;
    /** @type {{x: number, y: number} | null} */
    this.pointer = null;
    this.draw = this.draw.bind(this);
    this.camera = new Camera({
      gate: app.gate,
      still: app.still,
      extent: () => this.extent(),
      boxes: () => this.scene?.boxes ?? null,
      width: () => this.frame.width,
      show: () => this.follow(),
      moved: onmove,
    });
    this.listen();
  }

  listen() {
    const { camera } = this;
    attachPointer(this.canvas, {
      hover: (at) => this.hover(at),
      click: ({ x, y }) => this.options.onclick(this.boxAt(x, y)),
      drag: (dx, dy) => this.slide(-dx, -dy),
      grab: (grabbed) => {
        if (grabbed) camera.remember();
        this.hover(null);
        this.canvas.style.cursor = grabbed ? "grabbing" : "";
      },
      zoom: (factor, x, smooth) => camera.zoomBy(factor, this.xAt(x), smooth),
      slide: (dx) => this.slide(dx, 0),
      scrolls: () => this.extent().rows > this.extent().seen,
      engaged: () => this.app.focus.engaged,
    });
    this.element.addEventListener("scroll", () => this.scrolled());
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(this.element);
    this.app.signal.addEventListener("abort", () => {
      observer.disconnect();
      camera.close();
      this.app.gate.drop(this.draw);
    });
  }

  /** @returns {Extent} */
  extent() {
    const boxes = this.scene?.boxes;
    const { height, head } = this.frame;
    const [x0, x1] = boxes ? [boxes.x0Min, boxes.x1Max] : [0, 1];
    return { x0, x1, rows: boxes?.rows ?? 0, seen: (height - head) / ROW, narrowest: (x1 - x0) * NARROWEST };
  }

  /**
   * Show a scene. Other boxes than before are shown whole.
   *
   * @param {Scene} scene
   * @param {number} selected
   * @param {boolean} up
   */
  show(scene, selected, up) {
    const other = this.scene?.boxes !== scene.boxes;
    const turned = this.frame.up !== up;
    this.scene = scene;
    this.selected = selected;
    this.frame.up = up;
    if (other) this.camera.reset();
    if (other || turned) {
      this.hovered = -1;
      this.layout();
      this.options.onmove?.();
    }
    this.app.gate.ask(this.draw);
  }

  resize() {
    const { element, frame, canvas } = this;
    // Another tab is open: what was seen stays for when this one is opened again.
    if (!element.clientHeight) return;
    frame.width = element.clientWidth - Number.parseFloat(getComputedStyle(element).paddingLeft);
    frame.height = element.clientHeight;
    frame.dpr = globalThis.devicePixelRatio || 1;
    canvas.width = Math.round(frame.width * frame.dpr);
    canvas.height = Math.round(frame.height * frame.dpr);
    canvas.style.width = `${frame.width}px`;
    canvas.style.height = `${frame.height}px`;
    this.layout();
    // A resized canvas is blank until it is drawn: now, not in the next frame, or it flickers.
    this.draw();
  }

  layout() {
    const { rows, seen } = this.extent();
    this.spacer.style.height = `${Math.max(0, Math.round((rows - seen) * ROW))}px`;
    this.camera.view = clamp(this.camera.view, this.extent());
    this.alignScroll();
  }

  /** The camera has moved: bring the scroll bar along and draw. */
  follow() {
    this.alignScroll();
    if (this.camera.move) this.draw();
    else this.app.gate.ask(this.draw);
  }

  /** How far a scroll position is from the root's edge, and the other way round, px. @param {number} position */
  flipped(position) {
    const { element, frame } = this;
    return frame.up ? element.scrollHeight - element.clientHeight - position : position;
  }

  alignScroll() {
    const wanted = this.flipped(this.camera.view.top * ROW);
    if (Math.abs(this.element.scrollTop - wanted) > 1) this.element.scrollTop = wanted;
  }

  scrolled() {
    const { camera } = this;
    const offset = this.flipped(this.element.scrollTop);
    if (Math.abs(offset - camera.view.top * ROW) <= 1) return;
    camera.view = clamp({ ...camera.view, top: offset / ROW }, this.extent());
    this.app.gate.ask(this.draw);
  }

  draw() {
    const { frame, context, scene } = this;
    if (!frame.width || !scene) return;
    const start = performance.now();
    if (this.pointer && !this.camera.move) this.hovered = this.boxAt(this.pointer.x, this.pointer.y);
    context.setTransform(frame.dpr, 0, 0, frame.dpr, 0, 0);
    this.paint(context, frame, this.camera.view);
    this.app.measured("frame", start);
    this.showCard();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Frame} frame
   * @param {Viewport} view
   */
  paint(context, frame, view) {
    const { scene } = this;
    if (!scene) return;
    context.fillStyle = scene.palette.canvas.bg;
    context.fillRect(0, 0, frame.width, frame.height);
    paintBoxes(context, frame, view, scene, this);
    this.options.decorate?.(context, frame, view);
  }

  /** Pan by px. @param {number} dx @param {number} dy */
  slide(dx, dy) {
    const { view } = this.camera;
    const x = (dx * (view.x1 - view.x0)) / Math.max(this.frame.width, 1);
    return this.camera.slide(x, (this.frame.up ? -dy : dy) / ROW);
  }

  /** @param {number} x px */
  xAt(x) {
    const { view } = this.camera;
    return view.x0 + (x / Math.max(this.frame.width, 1)) * (view.x1 - view.x0);
  }

  /** The box at a point, -1 for none and for those too narrow to be drawn. @param {number} x @param {number} y */
  boxAt(x, y) {
    const boxes = this.scene?.boxes;
    if (!boxes) return -1;
    const { view } = this.camera;
    const box = hit(boxes, this.xAt(x), rowAt(this.frame, view, y));
    const pixel = (view.x1 - view.x0) / Math.max(this.frame.width, 1);
    return box >= 0 && boxes.x1[box] - boxes.x0[box] >= pixel ? box : -1;
  }

  /** @param {{x: number, y: number} | null} at */
  hover(at) {
    this.pointer = at;
    const box = at && !this.camera.move ? this.boxAt(at.x, at.y) : -1;
    const other = box !== this.hovered;
    this.hovered = box;
    this.canvas.style.cursor = box >= 0 ? "pointer" : "";
    if (other) this.app.gate.ask(this.draw);
    this.showCard();
  }

  showCard() {
    const { scene, hovered, pointer } = this;
    if (!scene || !pointer || hovered < 0 || this.camera.move) return this.app.card.hide(this);
    const canvas = this.canvas.getBoundingClientRect();
    const top = canvas.top + rowTop(this.frame, this.camera.view, scene.boxes.row[hovered]);
    const at = { x: canvas.left + pointer.x, top, bottom: top + ROW };
    this.app.card.show(this, hovered, at, () => this.options.card(hovered, scene));
  }
}
