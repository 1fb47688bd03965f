/** The hover card: follows the pointer, beside the row it speaks of, never over it nor outside the page. */

import { h } from "./ui_dom.js";

/** Room between the card and what it speaks of, px. */
const GAP = 6;
const EDGE = 6;

/** @param {HTMLElement} host */
export function createCard(host) {
  const element = h("div", { class: "card", role: "tooltip", hidden: true });
  host.append(element);
  /** @type {{owner: object, key: number | string} | null} */
  let of = null;

  /** @param {{x: number, top: number, bottom: number}} at client px */
  function move({ x, top, bottom }) {
    const page = host.getBoundingClientRect();
    const below = page.bottom - EDGE - (bottom + GAP);
    const above = top - GAP - (page.top + EDGE);
    const room = Math.max(below, above, 0);
    element.style.maxHeight = "";
    element.removeAttribute("data-tight");
    // A low page has room for the numbers only.
    element.toggleAttribute("data-tight", element.offsetHeight > room);
    const { offsetWidth: width, offsetHeight: height } = element;
    const under = height <= below || below >= above;
    if (height > room) element.style.maxHeight = `${room}px`;
    const y = under ? bottom + GAP : top - GAP - Math.min(height, above);
    const right = x + 14 + width <= page.right - EDGE;
    const left = right ? x + 14 : x - 14 - width;
    const inside = Math.max(Math.min(left, page.right - EDGE - width), page.left + EDGE);
    element.style.transform = `translate(${Math.round(inside - page.left)}px, ${Math.round(y - page.top)}px)`;
  }
  return {
    /**
     * @param {object} owner
     * @param {number | string} key what is spoken of: the content is made only when this changes
     * @param {{x: number, top: number, bottom: number}} at
     * @param {() => HTMLElement} make
     */
    show(owner, key, at, make) {
      if (of?.owner !== owner || of.key !== key) {
        element.replaceChildren(make());
        of = { owner, key };
      }
      element.hidden = false;
      move(at);
    },
    /** @param {object} owner */
    hide(owner) {
      if (of?.owner !== owner) return;
      of = null;
      element.hidden = true;
    },
  };
}
