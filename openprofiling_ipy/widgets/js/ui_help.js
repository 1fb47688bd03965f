/** The list of keys and gestures. */

import { h } from "./ui_dom.js";

/** @import { App } from "./ui_app.js" */

/** @type {[string[], string][]} */
const KEYS = [
  [["click"], "select a frame and zoom to it"],
  [["Ctrl ⌘", "wheel"], "zoom at the pointer; once clicked, the wheel alone scrolls or zooms"],
  [["drag"], "move"],
  [["/"], "search; /between slashes/ is an expression"],
  [["Enter"], "next match, or zoom to the selected frame; Shift: back"],
  [["←", "↑", "↓", "→"], "walk from frame to frame"],
  [["+", "-", "0"], "zoom in, out, all"],
  [["Esc"], "one step back, at last out of the picture"],
];

/**
 * @param {App} app
 * @param {HTMLElement} anchor
 */
export function showHelp(app, anchor) {
  const rows = KEYS.flatMap(([keys, does]) => [h("dt", {}, ...keys.flatMap((key) => [h("kbd", {}, key), " "])), h("dd", {}, does)]);
  const content = h("div", { class: "about" }, h("h2", {}, "Keys and gestures"), h("dl", {}, ...rows));
  app.popover.show({ anchor, content, label: "Keys", role: "dialog" });
}
