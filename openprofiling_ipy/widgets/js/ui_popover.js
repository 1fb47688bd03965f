/** One sheet above the picture at a time: menus, the facts of the capture, the list of keys. */

import { h, setAttribute } from "./ui_dom.js";

/**
 * @typedef {object} Sheet
 * @property {HTMLElement} content
 * @property {HTMLElement} anchor the button it belongs to: gets aria-expanded, and the focus back
 * @property {string} label
 * @property {"menu" | "dialog"} role
 * @property {() => void} [onclose]
 */

/**
 * @param {HTMLElement} host where sheets hang and what they may cover
 * @param {AbortSignal} signal ends it
 */
export function createPopover(host, signal) {
  /** @type {{sheet: Sheet, element: HTMLElement} | null} */
  let open = null;

  /** @param {boolean} [refocus] */
  function close(refocus = true) {
    if (!open) return false;
    const { sheet, element } = open;
    open = null;
    element.remove();
    setAttribute(sheet.anchor, "aria-expanded", "false");
    if (refocus) sheet.anchor.focus({ preventScroll: true });
    sheet.onclose?.();
    return true;
  }
  /** @param {Sheet} sheet */
  function show(sheet) {
    const again = open?.sheet.anchor === sheet.anchor;
    close(again);
    if (again) return;
    const { role, label, content, anchor } = sheet;
    const element = h("div", { class: "sheet", role, "aria-label": label, tabindex: -1 }, content);
    host.append(element);
    open = { sheet, element };
    setAttribute(anchor, "aria-expanded", "true");
    place(element, anchor, host);
    const first = /** @type {HTMLElement | null} */ (content.querySelector("[role^=menuitem]:not([disabled]), button, input"));
    (first ?? element).focus({ preventScroll: true });
  }
  /** @param {PointerEvent} event */
  const elsewhere = ({ target }) => {
    const node = /** @type {Node} */ (target);
    if (open && !open.element.contains(node) && !open.sheet.anchor.contains(node)) close(false);
  };
  document.addEventListener("pointerdown", elsewhere, { signal });
  return { show, close };
}

/** @typedef {ReturnType<typeof createPopover>} Popover */

/**
 * Below its anchor, its right edge on the anchor's where the left one would not fit; never outside the host.
 *
 * @param {HTMLElement} element
 * @param {HTMLElement} anchor
 * @param {HTMLElement} host
 */
function place(element, anchor, host) {
  const room = host.getBoundingClientRect();
  const from = anchor.getBoundingClientRect();
  const top = from.bottom - room.top + 4;
  element.style.top = `${top}px`;
  element.style.maxHeight = `${Math.max(room.height - top - 8, 96)}px`;
  element.style.maxWidth = `${room.width - 16}px`;
  const width = element.offsetWidth;
  const fits = from.left + width <= room.right - 8;
  const left = fits ? from.left - room.left : Math.max(8, from.right - room.left - width);
  element.style.left = `${Math.min(left, room.width - width - 8)}px`;
}
