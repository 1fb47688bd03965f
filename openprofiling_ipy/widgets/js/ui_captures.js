/** The captures so far, the newest first: show, save, export, forget. */

import { kindName, subject, timeOfDay, took } from "./panel_words.js";
import { h, icon, setAttribute } from "./ui_dom.js";
import { createSendForm, nothingTyped } from "./ui_send.js";

/** @import { Capture, Job } from "./panel_types.js" */
/** @import { Wire } from "./panel_wire.js" */

/**
 * @typedef {object} Run what the buttons do
 * @property {(capture: Capture) => unknown} show
 * @property {() => void} hide
 * @property {(capture: Capture) => Promise<unknown>} save
 * @property {(capture: Capture) => Promise<unknown>} forget
 * @property {() => void} empty gets the focus when the last capture is forgotten
 */

/**
 * @param {Wire} wire
 * @param {string[]} formats
 * @param {Run} run
 */
export function createCaptures(wire, formats, run) {
  /** @type {Map<number, HTMLElement>} */
  const rows = new Map();
  const form = createFormPlace(wire, formats);
  const count = h("small", { class: "muted num" });
  const list = h("div", { class: "list", role: "list" });
  const nothing = h("p", { class: "muted" }, "No captures yet.");
  const element = h("section", { class: "captures", "aria-label": "Captures" }, h("h2", {}, "Captures", count), nothing, list);

  /** @param {Capture} capture */
  async function forget(capture) {
    const row = rows.get(capture.number);
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    await run.forget(capture);
    const target = /** @type {HTMLElement | null | undefined} */ (next?.querySelector("[data-do=forget]"));
    if (target?.isConnected) target.focus();
    else run.empty();
  }
  return {
    element,
    take: form.take,
    /** @param {Capture[]} captures */
    update(captures) {
      for (const [number, row] of rows) {
        if (captures.some((one) => one.number === number)) continue;
        form.close(number);
        row.remove();
        rows.delete(number);
      }
      for (const capture of captures.toReversed()) {
        if (rows.has(capture.number)) continue;
        const row = createRow(capture, { ...run, forget }, form.toggle);
        rows.set(capture.number, row);
        list.prepend(row);
      }
      count.textContent = captures.length ? String(captures.length) : "";
      nothing.hidden = captures.length > 0;
    },
    /** Mark the capture that is shown; null: none. @param {number | null} number */
    mark(number) {
      for (const [known, row] of rows) {
        setAttribute(row, "data-shown", known === number);
        const look = /** @type {HTMLElement} */ (row.querySelector(".look"));
        look.textContent = known === number ? "Hide" : "Show";
        look.ariaLabel = `${look.textContent} #${known}`;
      }
    },
  };
}

/**
 * @param {Capture} capture
 * @param {Run} run
 * @param {(number: number, anchor: HTMLElement) => void} send
 */
function createRow(capture, run, send) {
  const { number, kind, took: length, began, status } = capture;
  /** @param {string} text @param {string} title @param {(event: MouseEvent) => unknown} onclick @param {string} [kind] */
  const act = (text, title, onclick, kind = "") =>
    h("button", { class: `quiet ${kind}`, type: "button", title, "aria-label": `${text} #${number}`, onclick }, text);
  /** @param {MouseEvent} event */
  const look = ({ currentTarget }) => {
    const shown = /** @type {HTMLElement} */ (currentTarget).closest("[data-shown]");
    return shown ? run.hide() : run.show(capture);
  };
  const exporter = act("Export", "Send it to a folder or a store", () => send(number, exporter));
  setAttribute(exporter, "aria-expanded", "false");
  const away = { class: "icon", type: "button", "data-do": "forget", title: "Forget this capture", "aria-label": `Forget #${number}` };
  return h(
    "div",
    { class: "capture", role: "listitem" },
    h("b", { class: "num" }, `#${number}`),
    h("span", {}, kindName(kind)),
    h("span", { class: "clip", title: subject(capture) }, subject(capture)),
    h("span", { class: "num" }, took(length)),
    h("span", { class: "num muted" }, timeOfDay(began)),
    h("span", { class: "muted clip", "data-status": status }, status),
    h(
      "span",
      { class: "acts" },
      act("Show", "Show its picture below", look, "look"),
      act("Save", "Save it beside the notebook", () => run.save(capture)),
      exporter,
      h("button", { ...away, onclick: () => run.forget(capture) }, icon("close", 14)),
    ),
  );
}

/** The export form, below the row that opened it; one at a time. @param {Wire} wire @param {string[]} formats */
function createFormPlace(wire, formats) {
  const typed = nothingTyped();
  /** @type {{number: number, anchor: HTMLElement, form: ReturnType<typeof createSendForm>} | null} */
  let open = null;

  /** @param {number} [number] only the one of this capture */
  function close(number = open?.number) {
    if (!open || open.number !== number) return false;
    const { anchor, form } = open;
    open = null;
    const inside = form.element.contains(document.activeElement);
    form.element.remove();
    setAttribute(anchor, "aria-expanded", "false");
    if (inside) anchor.focus();
    return true;
  }
  return {
    close,
    /** @param {number} number @param {HTMLElement} anchor */
    toggle(number, anchor) {
      if (close(number)) return;
      close();
      const form = createSendForm(wire, { number, formats, typed, close: () => close() });
      open = { number, anchor, form };
      anchor.closest(".capture")?.after(form.element);
      setAttribute(anchor, "aria-expanded", "true");
      form.element.scrollIntoView({ block: "nearest" });
      form.focus();
    },
    /** @param {Job} job */
    take(job) {
      open?.form.take(job);
    },
  };
}
