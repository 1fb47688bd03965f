/** One capture as a live widget: its picture, and the Export button that reaches the kernel. */

import { createWire } from "./panel_wire.js";
import { jobWords } from "./panel_words.js";
import { h, setAttribute } from "./ui_dom.js";
import { createResult } from "./ui_result.js";
import { createSendForm, nothingTyped } from "./ui_send.js";

/** @import { Model } from "./panel_types.js" */

/**
 * @param {Model} model
 * @param {HTMLElement} host
 */
export function createSingle(model, host) {
  const end = new AbortController();
  const wire = createWire(model, (count) => (way.textContent = count ? "The kernel answers when the running cell has ended." : ""));
  const typed = nothingTyped();
  const way = h("p", { class: "way muted" });
  const said = h("p", { class: "clip", role: "status" }, "Connecting to the kernel…");
  const place = h("div", { class: "waiting" });
  const button = h("button", { class: "quiet", type: "button", "aria-expanded": "false", disabled: true, onclick: toggle }, "Export");
  const sheet = h("div");
  /** @type {ReturnType<typeof createSendForm> | null} */
  let form = null;
  let number = 0;
  /** @type {{formats: string[]}} */
  const { formats } = model.get("choices");

  function toggle() {
    if (form) {
      form = null;
      sheet.replaceChildren();
      button.focus();
    } else {
      form = createSendForm(wire, { number, formats, typed, close: toggle });
      sheet.replaceChildren(form.element);
      form.focus();
    }
    setAttribute(button, "aria-expanded", String(form !== null));
  }
  async function hello() {
    const answer = await wire.ask("hello");
    if (end.signal.aborted) return;
    said.textContent = answer.error ?? "";
    if (answer.error) return;
    number = answer.number;
    button.disabled = false;
    place.className = "";
    place.replaceChildren(createResult(answer.page, `#${number}`, end.signal));
  }
  wire.on("job", ({ job }) => {
    form?.take(job);
    if (!form) said.textContent = jobWords(job);
  });
  host.append(place, h("footer", {}, said, way, button), sheet);
  void hello();
  return () => {
    end.abort();
    wire.close();
  };
}
