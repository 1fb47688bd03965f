/** Export without a kernel: files made in the page and handed to the browser, and the line that asks the kernel. */

import { toFolded, toSpeedscope } from "./exports.js";
import { h } from "./ui_dom.js";
import { showMenu } from "./ui_menu.js";

/** @import { App } from "./ui_app.js" */
/** @import { Entry } from "./ui_menu.js" */

/**
 * @param {App} app
 * @param {HTMLElement} anchor
 * @param {() => HTMLCanvasElement} picture
 */
export function showExports(app, anchor, picture) {
  const { profile, view, original } = app;
  const name = view.filename || "profile";
  /** @param {string} text @param {string} type @param {string} suffix */
  const text = (text, type, suffix) => save(new Blob([text], { type }), name + suffix);
  const sources = Object.keys(profile.sources).length;
  /** @type {Entry[]} */
  const entries = [
    { text: "HTML page", hint: "this picture; opens in any browser, and by %oprof load", run: () => text(original, "text/html", ".html") },
    { text: "speedscope JSON", hint: "all there is; for speedscope.app, and to load again", run: () => text(toSpeedscope(profile), "application/json", ".speedscope.json") },
    { text: "Folded stacks", hint: "a line a stack, for flamegraph.pl and others", run: () => text(toFolded(profile), "text/plain", ".folded.txt") },
    { text: "PNG", hint: "what is seen, at twice the size", run: () => picture().toBlob((blob) => blob && save(blob, `${name}.png`)) },
    h("p", { class: "muted small" }, sources ? `HTML and speedscope contain the source of ${sources} ${sources === 1 ? "cell" : "cells"}.` : "None of them contains source code."),
  ];
  if (view.export) entries.push("From the notebook", copyLine(view.export));
  showMenu(app.popover, anchor, "Export", () => entries);
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads the blob after the click: the address must live on for a while.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A line to copy. The frame's origin is opaque, so there is no clipboard API: the selection is copied. @param {string} line */
function copyLine(line) {
  const input = h("input", { class: "mono", readonly: true, value: line, "aria-label": "Command that exports from the notebook" });
  const button = h("button", { class: "button", type: "button" }, "Copy");
  button.addEventListener("click", () => {
    input.select();
    button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return h("div", { class: "copy" }, input, button);
}
