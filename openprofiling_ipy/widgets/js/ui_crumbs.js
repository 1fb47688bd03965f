/** The line above the flame graph: what all of it is, and the frames one has zoomed through. */

import { shown } from "./paint_text.js";
import { h, iconButton } from "./ui_dom.js";
import { valueName } from "./ui_app.js";

/** @import { Boxes } from "./types.js" */
/** @import { App } from "./ui_app.js" */

/** More crumbs than this are cut in the middle. */
const MOST = 5;

/**
 * @param {App} app
 * @param {(box: number) => void} go -1: to all
 */
export function createCrumbs(app, go) {
  const list = h("ol");
  const share = h("span", { class: "num" });
  const all = iconButton("fit", "Show all (0)", () => go(-1));
  all.classList.add("small");
  const element = h("nav", { class: "bar crumbs", "aria-label": "Zoom" }, list, share, all);

  /** @param {string} text @param {number} box */
  const crumb = (text, box) => h("li", {}, h("button", { type: "button", class: "clip", title: text, onclick: () => go(box) }, text));
  return {
    element,
    /** @param {number[]} path boxes, root first @param {Boxes | null} boxes @param {boolean} zoomed */
    show(path, boxes, zoomed) {
      const { store, findings, profile } = app;
      const whole = findings.total(store.state);
      const what = `All · ${valueName(profile.valueTypes[store.state.value].kind)} ${app.format(whole)}`;
      const items = boxes ? path.map((box) => crumb(shown(app.name(boxes.fn[box])), box)) : [];
      if (items.length > MOST) items.splice(1, items.length - MOST, h("li", {}, h("span", { class: "hint", title: `${items.length - MOST} more` }, "…")));
      list.replaceChildren(crumb(what, -1), ...items);
      const last = path.at(-1);
      share.textContent = boxes && last !== undefined ? `${app.format(boxes.total[last])} · ${app.percent(boxes.total[last])}` : "";
      all.hidden = !zoomed;
    },
    /** Other words in place of a path. @param {string} text @param {boolean} zoomed */
    say(text, zoomed) {
      list.replaceChildren(h("li", {}, h("span", { class: "hint clip", title: text }, text)));
      all.hidden = !zoomed;
    },
  };
}
