/** Boots the viewer: unpacks the page's data, builds the parts, and says in words what went wrong where something did. */

import { decode, unpack } from "./profile.js";
import { createApp } from "./ui_app.js";
import { h } from "./ui_dom.js";
import { createHeader, createNotes } from "./ui_header.js";
import { listenToKeys } from "./ui_keys.js";
import { createStatus } from "./ui_status.js";
import { createTools } from "./ui_tools.js";
import { createViews } from "./ui_views.js";

/** @import { Columns } from "./profile.js" */
/** @import { ViewFacts } from "./types.js" */

// Taken before anything is drawn: the HTML export is this very text. The template is written as browsers serialize it.
const original = `<!DOCTYPE html>${document.documentElement.outerHTML}`;

/** Ends the viewer that is open. */
let close = () => {};

/**
 * Build the viewer from columns, as the page holds them; in place of the one before.
 *
 * @param {HTMLElement} host
 * @param {{profile: Columns, view: ViewFacts}} data
 */
function open(host, { profile, view }) {
  const start = performance.now();
  close();
  host.replaceChildren();
  const app = createApp(host, decode(profile), view, original);
  close = app.close;
  const views = createViews(app);
  const header = createHeader(app, views.picture);
  const tools = createTools(app);
  const notes = createNotes(app);
  host.prepend(header.element, tools.element, ...(notes ? [notes] : []), views.element, createStatus(app));
  listenToKeys({ app, view: () => views.open, search: tools.search, help: header.help });
  views.update();
  app.measured("first", start);
}

async function boot() {
  const host = /** @type {HTMLElement} */ (document.getElementById("oprof"));
  try {
    const data = document.getElementById("oprof-data");
    if (data) open(host, await unpack(data.textContent ?? ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    host.replaceChildren(h("div", { class: "empty" }, h("p", { class: "big" }, "This profile cannot be shown"), h("p", { class: "muted" }, reason)));
  }
}

// Benchmarks put columns of their own into the page.
Object.assign(globalThis, { oprofOpen: open });
void boot();
