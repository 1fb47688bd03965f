/** A long list of rows of one height, of which only those in sight exist. */

import { h } from "./ui_dom.js";

/** Rows made beyond the edges, so that scrolling meets no gaps. */
const SPARE = 4;

/**
 * @typedef {object} ListOptions
 * @property {import("./store.js").Gate} gate
 * @property {number} height of a row, px
 * @property {string} label
 * @property {HTMLElement[]} head what stands above the rows and stays
 * @property {(row: number) => HTMLElement} draw
 * @property {(row: number) => void} onclick
 * @property {(row: number, event: PointerEvent | null) => void} [onhover] null: it left
 */

/** @param {ListOptions} options */
export function createList({ gate, height, label, head, draw, onclick, onhover = () => {} }) {
  const inner = h("div", { class: "rows", role: "presentation" });
  const scroll = h("div", { class: "scroll", role: "rowgroup", tabindex: -1 }, inner);
  const element = h("div", { class: "table", role: "grid", tabindex: 0, "aria-label": label }, ...head, scroll);
  const idOf = (/** @type {number} */ row) => `${label.replaceAll(" ", "-")}-${row}`;
  let count = 0;
  let current = -1;
  /** @type {(row: number) => boolean} */
  let marked = () => false;
  /** @type {Map<number, HTMLElement>} */
  let rows = new Map();

  /** @param {Event} event */
  const rowOf = (event) => Number(/** @type {HTMLElement} */ (event.target).closest?.("[data-row]")?.getAttribute("data-row") ?? -1);
  function paint() {
    const from = Math.max(0, Math.floor(scroll.scrollTop / height) - SPARE);
    const to = Math.min(count, Math.ceil((scroll.scrollTop + scroll.clientHeight) / height) + SPARE);
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
    made.id = idOf(row);
    made.setAttribute("role", "row");
    made.setAttribute("aria-rowindex", String(row + 1));
    made.setAttribute("aria-selected", String(row === current));
    made.toggleAttribute("data-marked", marked(row));
    made.style.transform = `translateY(${row * height}px)`;
    return made;
  }
  scroll.addEventListener("scroll", () => gate.ask(paint));
  scroll.addEventListener("click", (event) => rowOf(event) >= 0 && onclick(rowOf(event)));
  scroll.addEventListener("pointermove", (event) => onhover(rowOf(event), event));
  scroll.addEventListener("pointerleave", () => onhover(-1, null));
  new ResizeObserver(() => gate.ask(paint)).observe(scroll);
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
      if (selected >= 0) element.setAttribute("aria-activedescendant", idOf(selected));
      else element.removeAttribute("aria-activedescendant");
      paint();
    },
    /** @param {number} row */
    reveal(row) {
      const top = row * height;
      const seen = scroll.clientHeight;
      if (top < scroll.scrollTop) scroll.scrollTop = top;
      else if (top + height > scroll.scrollTop + seen) scroll.scrollTop = top + height - seen;
      paint();
    },
    /** Scroll so that a row stands in the middle, where it is not in sight. @param {number} row */
    centre(row) {
      const top = row * height;
      if (top >= scroll.scrollTop && top + height <= scroll.scrollTop + scroll.clientHeight) return;
      scroll.scrollTop = Math.max(0, top - scroll.clientHeight / 2);
      paint();
    },
  };
}
