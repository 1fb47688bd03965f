/** The open tab: made when first opened, kept with its zoom while others are open, words in its place where it is empty. */

import { valueName } from "./ui_app.js";
import { h } from "./ui_dom.js";
import { shown } from "./paint_text.js";
import { Flame } from "./ui_flame.js";
import { Lines } from "./ui_lines.js";
import { Sandwich } from "./ui_sandwich.js";
import { Time } from "./ui_time.js";
import { documentTotal } from "./weights.js";

/** @import { App } from "./ui_app.js" */
/** @import { Tab } from "./ui_state.js" */

/**
 * What keys and buttons ask of a tab.
 *
 * @typedef {object} View
 * @property {HTMLElement} element
 * @property {() => void} update the state has changed
 * @property {(dx: number, dy: number) => void} move the selection
 * @property {(step: number) => void} walk to the next (1) or previous (-1) match
 * @property {(back: boolean) => void} enter
 * @property {(factor: number) => void} zoom
 * @property {() => void} fit
 * @property {() => boolean} back
 * @property {() => HTMLCanvasElement | null} picture what it shows, drawn at twice the size; null: nothing drawn
 */

/** @type {Record<Tab, new (app: App) => View>} */
const VIEWS = { flame: Flame, time: Time, sandwich: Sandwich, lines: Lines };

/** @param {App} app */
export function createViews(app) {
  const { store, gate, theme } = app;
  const element = h("section", { class: "view", id: "view", role: "tabpanel" });
  /** @type {Partial<Record<Tab, View>>} */
  const made = {};
  /** @param {Tab} tab */
  const viewOf = (tab) => {
    const view = (made[tab] ??= new VIEWS[tab](app));
    if (!view.element.isConnected) element.append(view.element);
    return view;
  };
  function update() {
    const { tab } = store.state;
    element.setAttribute("aria-labelledby", `tab-${tab}`);
    element.querySelector(".empty")?.remove();
    const words = emptyWords(app);
    app.host.toggleAttribute("data-empty", words !== null);
    const open = words ? null : viewOf(tab);
    for (const view of Object.values(made)) view.element.hidden = view !== open;
    if (words) element.append(words);
    else open?.update();
  }
  store.watch(["tab", "value", "lanes", "mine", "recursion", "up", "query", "selected", "node", "line", "file", "order"], () => gate.ask(update));
  theme.watch(() => gate.ask(update));
  return {
    element,
    update,
    get open() {
      return viewOf(store.state.tab);
    },
    /** What the open tab shows, or the flame graph where it draws nothing. */
    picture: () => viewOf(store.state.tab).picture() ?? /** @type {HTMLCanvasElement} */ (viewOf("flame").picture()),
  };
}

/** What stands where there is nothing to draw; null where there is. @param {App} app */
function emptyWords(app) {
  const { profile, store, findings, view } = app;
  const { state } = store;
  if (findings.total(state) > 0 && findings.tree(state).weight > 0) return null;
  const others = profile.valueTypes.map((_, value) => value).filter((value) => documentTotal(profile, value) > 0);
  const name = valueName(profile.valueTypes[state.value].kind);
  if (!others.length) {
    const note = view.notes.find(({ level }) => level === "warn")?.text ?? "Nothing was sampled";
    const kind = profile.attributes.kind ?? "cpu";
    return empty(note, `Samples are taken at intervals. %%oprof ${kind} --for 2s repeats a short cell until there are enough, side effects included.`);
  }
  if (state.lanes) return empty(`No ${name} in these threads`, "", "All threads", () => store.set({ lanes: null }));
  const other = others.find((value) => value !== state.value);
  if (other === undefined) return empty("Every sample has an empty stack", "No Python frame was running when they were taken.");
  const otherName = valueName(profile.valueTypes[other].kind);
  return empty(`No ${name} was used`, "It waited all the time.", `Show ${otherName}`, () => store.set({ value: other }));
}

/**
 * @param {string} big
 * @param {string} small
 * @param {string} [action]
 * @param {() => void} [onclick]
 */
function empty(big, small, action, onclick) {
  return h(
    "div",
    { class: "empty" },
    h("p", { class: "big" }, shown(big)),
    small ? h("p", { class: "muted" }, small) : null,
    action ? h("button", { class: "button", type: "button", onclick }, action) : null,
  );
}
