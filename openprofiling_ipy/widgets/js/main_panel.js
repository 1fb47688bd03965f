/** Starts the live widgets in a notebook's page: the panel, or one result. One script serves both. */

import { createBoard } from "./ui_board.js";
import { h } from "./ui_dom.js";
import { createSingle } from "./ui_single.js";

/** @import { Model } from "./panel_types.js" */

/** @param {{model: Model, el: HTMLElement}} widget */
function render({ model, el }) {
  const part = model.get("part");
  // Keys pressed in here are not the notebook's: its command mode would delete cells.
  const host = h("div", { class: "oprof-live-widget", "data-part": part, "data-lm-suppress-shortcuts": "true" });
  el.append(host);
  return (part === "panel" ? createBoard : createSingle)(model, host);
}

export default { render };
