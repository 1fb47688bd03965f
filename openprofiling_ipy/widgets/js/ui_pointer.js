/**
 * Pointer and wheel on a canvas, as intentions. The page below keeps its own: a plain wheel is taken only once the
 * picture has been clicked, and even then only where it changes something.
 */

/**
 * Coordinates are in CSS px from the canvas's upper left corner. Those that answer say whether anything changed.
 *
 * @typedef {object} Intentions
 * @property {(at: {x: number, y: number} | null) => void} hover
 * @property {(at: {x: number, y: number}) => void} click
 * @property {(dx: number, dy: number) => void} drag
 * @property {(grabbed: boolean) => void} grab
 * @property {(factor: number, x: number, smooth: boolean) => boolean} zoom
 * @property {(dx: number) => boolean} slide
 * @property {() => boolean} scrolls whether there is more above or below than is seen
 * @property {() => boolean} engaged whether the picture has been clicked and has the focus
 */

/** A press that moves less than this is a click, px. */
const STILL = 4;
const LINE = 16;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Intentions} to
 */
export function attachPointer(canvas, to) {
  /** @type {{x: number, y: number, moved: boolean} | null} */
  let press = null;

  /** @param {MouseEvent} event */
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button === 0) press = { ...at(event), moved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    const { x, y } = at(event);
    if (!press) return to.hover({ x, y });
    if (!press.moved && Math.hypot(x - press.x, y - press.y) < STILL) return;
    if (!press.moved) {
      canvas.setPointerCapture(event.pointerId);
      to.grab(true);
    }
    to.drag(x - press.x, y - press.y);
    press = { x, y, moved: true };
  });
  /** @param {PointerEvent} event */
  const release = (event) => {
    const was = press;
    press = null;
    if (was?.moved) to.grab(false);
    else if (was && event.type === "pointerup") to.click(at(event));
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => to.hover(null));
  canvas.addEventListener("wheel", (event) => wheel(event, at(event).x, canvas, to), { passive: false });
}

/**
 * @param {WheelEvent} event
 * @param {number} x
 * @param {HTMLCanvasElement} canvas
 * @param {Intentions} to
 */
function wheel(event, x, canvas, to) {
  const unit = [1, LINE, canvas.clientHeight][event.deltaMode];
  const sideways = event.deltaX * unit || (event.shiftKey ? event.deltaY * unit : 0);
  const delta = event.deltaY * unit;
  const zoom = () => to.zoom(Math.exp(-Math.min(Math.max(delta, -60), 60) * 0.006), x, Math.abs(delta) > 40);
  if (event.ctrlKey || event.metaKey) {
    // Not prevented, it would zoom the whole page.
    event.preventDefault();
    zoom();
    return;
  }
  if (!to.engaged()) return;
  if (event.shiftKey || Math.abs(sideways) > Math.abs(delta)) {
    if (to.slide(sideways)) event.preventDefault();
  } else if (!to.scrolls() && zoom()) {
    event.preventDefault();
  }
}
