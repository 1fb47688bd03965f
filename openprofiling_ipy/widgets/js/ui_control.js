/** The first row of the panel: which profiler, with which options, under which name; Start. */

import { kindName, optionWords } from "./panel_words.js";
import { h, setAttribute } from "./ui_dom.js";
import { tickBox } from "./ui_menu.js";
import { walk } from "./ui_send.js";

/** @import { Kind } from "./panel_types.js" */

/**
 * @param {Kind[]} kinds
 * @param {(kind: string, options: object, name: string) => Promise<boolean>} start tells whether it has begun
 */
export function createControl(kinds, start) {
  /** What is set, by kind and option. @type {Record<string, Record<string, number | boolean | string>>} */
  const set = {};
  let chosen = "";
  let busy = false;
  const group = h("div", { class: "group", role: "radiogroup", "aria-label": "Profiler" });
  const options = h("div", { class: "options" });
  const name = h("input", { class: "field name", type: "text", placeholder: "Name (optional)", "aria-label": "Name", spellcheck: "false" });
  const button = h("button", { class: "primary", type: "submit" }, h("i", { class: "dot" }), "Start");
  const element = h("form", { class: "control", "aria-label": "New recording", onsubmit: submit }, group, options, name, button);

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (busy || !element.reportValidity()) return;
    busy = true;
    setAttribute(button, "aria-busy", "true");
    if (await start(chosen, changed(), name.value)) name.value = "";
    busy = false;
    setAttribute(button, "aria-busy", null);
  }
  /** The options that differ from their defaults. */
  function changed() {
    const usual = kinds.find((kind) => kind.name === chosen)?.options ?? {};
    return Object.fromEntries(Object.entries(set[chosen] ?? {}).filter(([key, value]) => value !== usual[key]));
  }
  /** @param {string} kind */
  function choose(kind) {
    chosen = kind;
    check(radios, kind);
    const values = (set[kind] ??= { ...kinds.find((known) => known.name === kind)?.options });
    options.replaceChildren(...Object.keys(values).map((option) => field(option, values)));
  }
  const radios = kinds.map((kind) => h("button", { type: "button", role: "radio", "data-kind": kind.name, onclick: () => choose(kind.name) }, kindName(kind.name)));
  group.append(...radios);
  group.addEventListener("keydown", (event) => walk(event, radios));
  choose(kinds[0].name);
  return {
    element,
    focus: () => button.focus(),
  };
}

/** Show which radio is chosen; Tab reaches that one. @param {HTMLElement[]} radios @param {string} kind */
function check(radios, kind) {
  for (const radio of radios) {
    setAttribute(radio, "aria-checked", String(radio.dataset.kind === kind));
    radio.tabIndex = radio.dataset.kind === kind ? 0 : -1;
  }
}

/**
 * @param {string} option
 * @param {Record<string, number | boolean | string>} values
 */
function field(option, values) {
  const [label, unit] = optionWords(option);
  const value = values[option];
  if (typeof value === "boolean") {
    const button = h("button", { class: "tick", type: "button", role: "checkbox", "aria-checked": String(value) }, tickBox(), label);
    button.addEventListener("click", () => {
      values[option] = !values[option];
      setAttribute(button, "aria-checked", String(values[option]));
    });
    return button;
  }
  const number = typeof value === "number";
  const input = h("input", { class: "field", type: number ? "number" : "text", min: number ? 0 : null, step: "any", required: number, value: String(value), "aria-label": label });
  input.addEventListener("input", () => (values[option] = number ? input.valueAsNumber : input.value));
  return h("label", {}, h("span", { class: "muted" }, label), input, unit ? h("span", { class: "muted" }, unit) : null);
}
