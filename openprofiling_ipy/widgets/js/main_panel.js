/** Starts the live widgets in a notebook's page: the panel, or one result. One script serves both. */

import { createBoard } from "./ui_board.js";
import { h } from "./ui_dom.js";
import { createSingle } from "./ui_single.js";

/** @import { Model } from "./panel_types.js" */

/**
 * Keys pressed in here are not the notebook's: in its command mode they would delete cells. JupyterLab asks the very
 * element that has the focus. @param {FocusEvent} event
 */
function keepKeys({ target }) {
  /** @type {Element} */ (target).setAttribute("data-lm-suppress-shortcuts", "true");
}

/** @param {{model: Model, el: HTMLElement}} widget */
function render({ model, el }) {
  const part = model.get("part");
  const host = h("div", { class: "oprof-live-widget", "data-part": part, onfocusin: keepKeys });
  el.append(host);
  return (part === "panel" ? createBoard : createSingle)(model, host);
}

export default { render };
