/** A long list of rows of one height, of which only those in sight exist. */

import { h } from "./ui_dom.js";

/** Rows made beyond the edges, so that scrolling meets no gaps. */
const SPARE = 4;

/**
 * @typedef {object} ListOptions
 * @property {import("./store.js").Gate} gate
 * @property {number} height of a row, px
 * @property {string} label
 * @property {(row: number) => HTMLElement} draw
 * @property {(row: number) => void} onclick
 * @property {(row: number, event: PointerEvent | null) => void} [onhover] null: it left
 */

/** @param {ListOptions} options */
export function createList({ gate, height, label, draw, onclick, onhover = () => {} }) {
  const inner = h("div", { class: "rows", role: "rowgroup" });
  const element = h("div", { class: "scroll list", role: "grid", tabindex: 0, "aria-label": label }, inner);
  let count = 0;
  let current = -1;
  /** @type {(row: number) => boolean} */
  let marked = () => false;
  /** @type {Map<number, HTMLElement>} */
  let rows = new Map();

  /** @param {Event} event */
  const rowOf = (event) => Number(/** @type {HTMLElement} */ (event.target).closest?.("[data-row]")?.getAttribute("data-row") ?? -1);
  function paint() {
    const from = Math.max(0, Math.floor(element.scrollTop / height) - SPARE);
    const to = Math.min(count, Math.ceil((element.scrollTop + element.clientHeight) / height) + SPARE);
    /** @type {Map<number, HTMLElement>} */
    const kept = new Map();
    for (let row = from; row < to; row++) kept.set(row, rows.get(row) ?? make(row));
    rows = kept;
    inner.replaceChildren(...kept.values());
  }
  /** @param {number} row */
  function make(row) {
    const made = draw(row);
    made.dataset.row = String(row);
    made.id = `row-${row}`;
    made.setAttribute("role", "row");
    made.setAttribute("aria-rowindex", String(row + 1));
    made.setAttribute("aria-selected", String(row === current));
    made.toggleAttribute("data-marked", marked(row));
    made.style.transform = `translateY(${row * height}px)`;
    return made;
  }
  element.addEventListener("scroll", () => gate.ask(paint));
  element.addEventListener("click", (event) => rowOf(event) >= 0 && onclick(rowOf(event)));
  element.addEventListener("pointermove", (event) => onhover(rowOf(event), event));
  element.addEventListener("pointerleave", () => onhover(-1, null));
  new ResizeObserver(() => gate.ask(paint)).observe(element);
  return {
    element,
    /** Show other rows. @param {number} rowCount @param {number} selected @param {(row: number) => boolean} [marks] */
    show(rowCount, selected, marks = () => false) {
      count = rowCount;
      marked = marks;
      current = selected;
      rows = new Map();
      inner.style.height = `${count * height}px`;
      element.setAttribute("aria-rowcount", String(count));
      if (selected >= 0) element.setAttribute("aria-activedescendant", `row-${selected}`);
      else element.removeAttribute("aria-activedescendant");
      paint();
    },
    /** @param {number} row */
    reveal(row) {
      const top = row * height;
      const seen = element.clientHeight;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + height > element.scrollTop + seen) element.scrollTop = top + height - seen;
      paint();
    },
    /** Scroll so that a row stands in the middle, where it is not in sight. @param {number} row */
    centre(row) {
      const top = row * height;
      if (top >= element.scrollTop && top + height <= element.scrollTop + element.clientHeight) return;
      element.scrollTop = Math.max(0, top - element.clientHeight / 2);
      paint();
    },
  };
}
