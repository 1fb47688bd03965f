/** A capture's picture in a frame of its own, which hears of the notebook's theme. */

import { h } from "./ui_dom.js";

/** The theme that the notebook's page says it has. */
function theme() {
  const { jpThemeLight: lab, vscodeThemeKind: code } = document.body.dataset;
  if (lab) return lab === "true" ? "light" : "dark";
  const said = code ?? document.documentElement.getAttribute("theme") ?? "";
  if (!said) return "auto";
  return said.includes("light") ? "light" : "dark";
}

/**
 * @param {string} page
 * @param {string} title
 * @param {AbortSignal} signal ends it
 */
export function createResult(page, title, signal) {
  // Its origin is opaque: whatever a profile holds, it reaches neither the notebook nor the kernel.
  const frame = h("iframe", { title, sandbox: "allow-scripts allow-downloads", srcdoc: page });
  const tell = () => frame.contentWindow?.postMessage({ type: "oprof-theme", theme: theme() }, "*");
  const observer = new MutationObserver(tell);
  observer.observe(document.body, { attributes: true });
  signal.addEventListener("abort", () => observer.disconnect());
  frame.addEventListener("load", tell, { signal });
  /** @param {MessageEvent} event */
  const ready = (event) => event.source === frame.contentWindow && tell();
  window.addEventListener("message", ready, { signal });
  return h("div", { class: "result" }, frame);
}
