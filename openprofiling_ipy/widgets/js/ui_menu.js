/** Menus: commands, choices and switches, moved through by the arrow keys. */

import { h, icon } from "./ui_dom.js";

/** @import { Popover } from "./ui_popover.js" */

/**
 * One entry. `checked` makes it a switch, with `radio` one of several; a switch leaves the menu open.
 *
 * @typedef {object} Item
 * @property {string} text
 * @property {string} [hint] a second, quieter line
 * @property {string} [tail] what stands at the right
 * @property {boolean} [checked]
 * @property {boolean} [radio]
 * @property {() => void} run
 */

/** A heading, an element as it is, or an item. @typedef {string | HTMLElement | Item} Entry */

/**
 * Open a menu, or close it where it is open. `entries` is asked again after each switch.
 *
 * @param {Popover} popover
 * @param {HTMLElement} anchor
 * @param {string} label
 * @param {() => Entry[]} entries
 */
export function showMenu(popover, anchor, label, entries) {
  const content = h("div", { class: "menu", onkeydown: (/** @type {KeyboardEvent} */ event) => walk(event, content) });
  const fill = () => {
    const focused = [...content.children].indexOf(/** @type {Element} */ (document.activeElement));
    content.replaceChildren(...entries().map((entry) => draw(entry, choose)));
    if (focused >= 0) /** @type {HTMLElement} */ (content.children[focused])?.focus();
  };
  /** @param {Item} item */
  const choose = (item) => {
    if (item.checked === undefined) popover.close();
    item.run();
    if (item.checked !== undefined) fill();
  };
  fill();
  popover.show({ content, anchor, label, role: "menu" });
}

/**
 * @param {Entry} entry
 * @param {(item: Item) => void} choose
 */
function draw(entry, choose) {
  if (typeof entry === "string") return h("div", { class: "heading", role: "presentation" }, entry);
  if (entry instanceof HTMLElement) return entry;
  const { text, hint, tail, checked, radio } = entry;
  const kind = radio ? "menuitemradio" : "menuitemcheckbox";
  return h(
    "button",
    {
      type: "button",
      tabindex: -1,
      role: checked === undefined ? "menuitem" : kind,
      "aria-checked": checked === undefined ? null : String(checked),
      onclick: () => choose(entry),
    },
    checked === undefined ? null : tickBox(),
    h("span", { class: "clip" }, text, hint ? h("small", { class: "clip" }, hint) : null),
    tail ? h("span", { class: "num muted" }, tail) : null,
  );
}

/** The square that a switch fills. */
export function tickBox() {
  return h("span", { class: "box" }, icon("tick"));
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLElement} menu
 */
function walk(event, menu) {
  const items = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("[role^=menuitem]")]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !items.length) return;
  event.preventDefault();
  event.stopPropagation();
  items[(at + step + items.length) % items.length].focus();
}
