/** The row of tools: tabs, value, lanes, "my code", further choices, search. */

import { formatPercent } from "./format.js";
import { laneName } from "./paint_time.js";
import { shown } from "./paint_text.js";
import { valueName } from "./ui_app.js";
import { h, icon, iconButton } from "./ui_dom.js";
import { showMenu, tickBox } from "./ui_menu.js";
import { createSearch } from "./ui_search.js";
import { laneTotals } from "./weights.js";

/** @import { App } from "./ui_app.js" */
/** @import { Recursion } from "./types.js" */
/** @import { Entry } from "./ui_menu.js" */
/** @import { Tab } from "./ui_state.js" */

/** @type {[Tab, string][]} */
const TABS = [
  ["flame", "Flame"],
  ["time", "Time"],
  ["sandwich", "Sandwich"],
  ["lines", "Lines"],
];

/** @param {App} app */
export function createTools(app) {
  const search = createSearch(app);
  const tune = iconButton("tune", "What is shown", () => showMenu(app.popover, tune, "What is shown", () => settings(app, parts)));
  tune.setAttribute("aria-haspopup", "menu");
  const parts = [tabs(app), values(app), lanes(app), mine(app)];
  const element = h("div", { class: "bar tools" }, ...parts, tune, h("span", { class: "push" }), search.element);
  return { element, search };
}

/** @param {App} app */
function tabs(app) {
  const { store } = app;
  const buttons = TABS.map(([tab, text]) =>
    h("button", { type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": "view", onclick: () => store.set({ tab }) }, h("span", { "data-text": text }, text)),
  );
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": "Views", onkeydown: (/** @type {KeyboardEvent} */ event) => walk(event, buttons) }, ...buttons);
  const update = () => {
    TABS.forEach(([tab], i) => {
      buttons[i].setAttribute("aria-selected", String(store.state.tab === tab));
      buttons[i].tabIndex = store.state.tab === tab ? 0 : -1;
    });
  };
  store.watch(["tab"], update);
  update();
  return list;
}

/**
 * Left and right move through a group of which one is chosen, as arrow keys do in every radio group.
 *
 * @param {KeyboardEvent} event
 * @param {HTMLButtonElement[]} buttons
 */
function walk(event, buttons) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const next = buttons[(at + step + buttons.length) % buttons.length];
  event.preventDefault();
  event.stopPropagation();
  next.focus();
  next.click();
}

/** @param {App} app */
function values({ store, profile }) {
  const buttons = profile.valueTypes.map(({ kind }, value) =>
    h("button", { type: "button", role: "radio", onclick: () => store.set({ value, node: -1 }) }, valueName(kind)),
  );
  const group = h("div", { class: "group", role: "radiogroup", "aria-label": "Value", onkeydown: (/** @type {KeyboardEvent} */ event) => walk(event, buttons) }, ...buttons);
  const update = () => {
    buttons.forEach((button, value) => {
      button.setAttribute("aria-checked", String(store.state.value === value));
      button.tabIndex = store.state.value === value ? 0 : -1;
    });
  };
  store.watch(["value"], update);
  update();
  group.hidden = buttons.length < 2;
  return group;
}

/** @param {App} app */
function lanes(app) {
  const { store, profile } = app;
  const text = h("span", { class: "clip" });
  const button = h("button", { class: "tool lanes", type: "button", "aria-haspopup": "menu", onclick: () => showMenu(app.popover, button, "Threads", () => laneEntries(app)) }, text, icon("down", 12));
  const update = () => {
    text.textContent = lanesText(app);
    button.setAttribute("aria-label", `Threads shown: ${text.textContent}`);
  };
  store.watch(["lanes", "value"], update);
  update();
  button.hidden = profile.threads.length < 2;
  return button;
}

/** @param {App} app */
function lanesText({ findings, store, profile }) {
  const chosen = findings.lanes(store.state);
  const names = profile.threads.filter((_, lane) => chosen[lane]).map(laneName);
  if (names.length === profile.threads.length) return "all threads";
  return names.length === 1 ? shown(names[0]) : `${names.length} of ${profile.threads.length} threads`;
}

/** @param {App} app @returns {Entry[]} */
function laneEntries(app) {
  const { store, profile, findings } = app;
  const totals = laneTotals(profile, store.state.value);
  const all = totals.reduce((sum, total) => sum + total, 0) || 1;
  const chosen = findings.lanes(store.state);
  const order = [...profile.threads.keys()].sort((a, b) => totals[b] - totals[a] || a - b);
  const set = (/** @type {Uint8Array | null} */ to) => store.set({ lanes: to, node: -1 });
  return [
    "Threads",
    { text: "all", run: () => set(new Uint8Array(totals.length).fill(1)) },
    { text: "as at first", run: () => set(null) },
    ...order.map((lane) => ({
      text: shown(laneName(profile.threads[lane])),
      tail: formatPercent(totals[lane] / all),
      checked: chosen[lane] === 1,
      run: () => set(chosen.map((is, at) => (at === lane ? 1 - is : is))),
    })),
  ];
}

/** @param {App} app */
function mine({ store }) {
  const button = h(
    "button",
    { class: "tool mine", type: "button", role: "switch", title: "Fold each package into one frame", onclick: () => store.set({ mine: !store.state.mine, node: -1 }) },
    tickBox(),
    "my code",
  );
  const update = () => button.setAttribute("aria-checked", String(store.state.mine));
  store.watch(["mine"], update);
  update();
  return button;
}

/**
 * Further choices, and those of the row that have no place in a narrow page.
 *
 * @param {App} app
 * @param {HTMLElement[]} row
 * @returns {Entry[]}
 */
function settings(app, row) {
  const { store, profile } = app;
  const { state } = store;
  const missing = (/** @type {string} */ name) => row.some((part) => part.classList.contains(name) && !part.hidden && !part.offsetWidth);
  const radio = (/** @type {string} */ text, /** @type {boolean} */ checked, /** @type {() => void} */ run) => ({ text, checked, radio: true, run });
  const values = profile.valueTypes.map(({ kind }, value) => radio(valueName(kind), state.value === value, () => store.set({ value, node: -1 })));
  const my = { text: "My code: fold each package", checked: state.mine, run: () => store.set({ mine: !state.mine, node: -1 }) };
  return [
    ...(missing("mine") ? [my] : []),
    { text: "Root at the bottom", checked: state.up, run: () => store.set({ up: !state.up }) },
    "Recursion",
    ...RECURSIONS.map(([recursion, text]) => radio(text, state.recursion === recursion, () => store.set({ recursion, node: -1 }))),
    ...(missing("group") ? ["Value", ...values] : []),
    ...(missing("lanes") ? laneEntries(app) : []),
  ];
}

/** @type {[Recursion, string][]} */
const RECURSIONS = [
  ["keep", "as recorded"],
  ["collapse", "collapse repeats"],
  ["fold", "fold cycles"],
];
