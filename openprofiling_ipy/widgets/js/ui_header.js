/** The header: what was recorded, in one line that is cut rather than wrapped; all of it opens on a click. */

import { shown } from "./paint_text.js";
import { h, icon, iconButton } from "./ui_dom.js";
import { showExports } from "./ui_export.js";
import { showHelp } from "./ui_help.js";

/** @import { App } from "./ui_app.js" */

const THEMES = { auto: "Theme: as the notebook", light: "Theme: light", dark: "Theme: dark" };

/**
 * @param {App} app
 * @param {() => HTMLCanvasElement} picture draws what is seen for the PNG
 */
export function createHeader(app, picture) {
  const { view, theme } = app;
  const facts = view.facts.map(shown).join(" · ");
  const about = h("button", { class: "facts clip", type: "button", title: facts, "aria-label": `About this recording: ${facts}`, "aria-haspopup": "dialog", onclick: () => showFacts(app, about) }, facts);
  const save = iconButton("save", "Export", () => showExports(app, save, picture));
  save.setAttribute("aria-haspopup", "menu");
  const look = iconButton("auto", THEMES.auto, () => theme.next());
  const help = iconButton("help", "Keys and help", () => showHelp(app, help));
  const drawTheme = () => {
    look.replaceChildren(icon(theme.mode));
    look.title = THEMES[theme.mode];
    look.setAttribute("aria-label", look.title);
  };
  look.addEventListener("click", drawTheme);
  drawTheme();
  const element = h("header", { class: "bar head" }, h("h1", { class: "clip", title: shown(view.title) }, shown(view.title)), about, save, look, help);
  return { element, help: () => help.click() };
}

/** The notes that matter most, one in sight. @param {App} app @returns {HTMLElement | null} */
export function createNotes(app) {
  const { notes } = app.view;
  if (!notes.length) return null;
  const [first, ...others] = [...notes].sort((a, b) => Number(b.level === "warn") - Number(a.level === "warn"));
  const element = h(
    "button",
    { class: "note", type: "button", "data-level": first.level, "aria-haspopup": "dialog", onclick: () => showFacts(app, element) },
    h("span", { class: "clip", title: shown(first.text) }, shown(first.text)),
    others.length ? h("span", { class: "more" }, `+${others.length} more`) : null,
  );
  return element;
}

/**
 * @param {App} app
 * @param {HTMLElement} anchor
 */
function showFacts(app, anchor) {
  const { title, facts, notes } = app.view;
  const content = h(
    "div",
    { class: "about" },
    h("h2", {}, shown(title)),
    h("ul", {}, ...facts.map((fact) => h("li", {}, shown(fact)))),
    notes.length ? h("h2", {}, "To read it rightly") : null,
    notes.length ? h("ul", {}, ...notes.map((note) => h("li", {}, shown(note.text)))) : null,
  );
  app.popover.show({ anchor, content, label: "About this recording", role: "dialog" });
}
