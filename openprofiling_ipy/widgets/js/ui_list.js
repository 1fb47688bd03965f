/** A long list of rows of one height, of which only those in sight exist. */

import { h } from "./ui_dom.js";

/** @import { Gate } from "./store.js" */

/** Rows made beyond the edges, so that scrolling meets no gaps. */
const SPARE = 4;

/**
 * @typedef {object} ListOptions
 * @property {Gate} gate
 * @property {AbortSignal} signal ends it
 * @property {number} height of a row, px
 * @property {string} label
 * @property {HTMLElement[]} head what stands above the rows and stays
 * @property {(row: number) => HTMLElement} draw
 * @property {(row: number) => void} onclick
 * @property {(row: number, event: PointerEvent | null) => void} [onhover] -1: none
 */

export class List {
  /** @param {ListOptions} options */
  constructor(options) {
    const { label, head, gate, signal, onclick, onhover = () => {} } = options;
    this.options = options;
    this.inner = h("div", { class: "rows", role: "presentation" });
    this.scroll = h("div", { class: "scroll", role: "rowgroup", tabindex: -1 }, this.inner);
    this.element = h("div", { class: "table", role: "grid", tabindex: 0, "aria-label": label }, ...head, this.scroll);
    this.count = 0;
    this.selected = -1;
    /** @type {(row: number) => boolean} */
    this.marked = () => false;
    /** The rows that exist. @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    this.paint = this.paint.bind(this);
    const { scroll } = this;
    scroll.addEventListener("scroll", () => gate.ask(this.paint));
    scroll.addEventListener("click", (event) => rowOf(event) >= 0 && onclick(rowOf(event)));
    scroll.addEventListener("pointermove", (event) => onhover(rowOf(event), event));
    scroll.addEventListener("pointerleave", () => onhover(-1, null));
    const observer = new ResizeObserver(() => gate.ask(this.paint));
    observer.observe(scroll);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** @param {number} row */
  id(row) {
    return `${this.options.label.replaceAll(" ", "-")}-${row}`;
  }

  paint() {
    const { scroll, count, inner, rows } = this;
    const { height } = this.options;
    const from = Math.max(0, Math.floor(scroll.scrollTop / height) - SPARE);
    const to = Math.min(count, Math.ceil((scroll.scrollTop + scroll.clientHeight) / height) + SPARE);
    this.rows = new Map();
    for (let row = from; row < to; row++) this.rows.set(row, rows.get(row) ?? this.make(row));
    inner.replaceChildren(...this.rows.values());
  }

  /** @param {number} row */
  make(row) {
    const made = this.options.draw(row);
    made.dataset.row = String(row);
    made.id = this.id(row);
    made.setAttribute("role", "row");
    made.setAttribute("aria-rowindex", String(row + 1));
    made.setAttribute("aria-selected", String(row === this.selected));
    made.toggleAttribute("data-marked", this.marked(row));
    made.style.transform = `translateY(${row * this.options.height}px)`;
    return made;
  }

  /**
   * Show other rows.
   *
   * @param {number} count
   * @param {number} selected -1 for none
   * @param {(row: number) => boolean} [marked]
   */
  show(count, selected, marked = () => false) {
    Object.assign(this, { count, selected, marked, rows: new Map() });
    this.inner.style.height = `${count * this.options.height}px`;
    this.element.setAttribute("aria-rowcount", String(count));
    if (selected >= 0) this.element.setAttribute("aria-activedescendant", this.id(selected));
    else this.element.removeAttribute("aria-activedescendant");
    this.paint();
  }

  /** Scroll no more than it takes to see a row; `centre` puts one that is out of sight into the middle. @param {number} row @param {boolean} [centre] */
  reveal(row, centre = false) {
    const { scroll, options } = this;
    const top = row * options.height;
    const [above, below] = [top - scroll.scrollTop, top + options.height - scroll.scrollTop - scroll.clientHeight];
    if (row < 0 || (above >= 0 && below <= 0)) return;
    if (centre) scroll.scrollTop = Math.max(0, top - scroll.clientHeight / 2);
    else scroll.scrollTop += above < 0 ? above : below;
    this.paint();
  }
}

/** The row an event is about, -1 for none. @param {Event} event */
function rowOf(event) {
  const row = /** @type {HTMLElement} */ (event.target).closest("[data-row]");
  return Number(row?.getAttribute("data-row") ?? -1);
}
