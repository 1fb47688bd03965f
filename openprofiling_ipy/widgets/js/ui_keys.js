/** Keys: heard only while the picture has the focus, and none but these is touched. */

/** @import { App } from "./ui_app.js" */
/** @import { Search } from "./ui_search.js" */
/** @import { View } from "./ui_views.js" */

/**
 * @typedef {object} Controls
 * @property {App} app
 * @property {() => View} view the open tab's
 * @property {Search} search
 * @property {() => void} help
 */

/** @param {Controls} controls */
export function listenToKeys(controls) {
  const { app } = controls;
  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!app.focus.active) return;
    const act = event.key === "Escape" ? () => back(controls) : action(event, controls);
    if (!act) return;
    event.preventDefault();
    act();
  };
  document.addEventListener("keydown", hear, { signal: app.signal });
}

/**
 * @param {KeyboardEvent} event
 * @param {Controls} controls
 * @returns {(() => void) | undefined}
 */
function action(event, { view, search, help }) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target === search.input) {
    return event.key === "Enter" ? () => view().walk(event.shiftKey ? -1 : 1) : undefined;
  }
  if (target.closest("input, select, .sheet")) return undefined;
  const onButton = target.closest("button, a, [role=columnheader]") !== null;
  /** @type {Record<string, () => void>} */
  const actions = {
    "/": search.focus,
    "?": help,
    "+": () => view().zoom(1.6),
    "-": () => view().zoom(1 / 1.6),
    0: () => view().fit(),
    ArrowLeft: () => view().move(-1, 0),
    ArrowRight: () => view().move(1, 0),
    ArrowUp: () => view().move(0, -1),
    ArrowDown: () => view().move(0, 1),
  };
  if (event.key === "Enter" && !onButton) return () => view().enter(event.shiftKey);
  return Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
}

/** One step back: the sheet, the zoom, the search, the selection, and at last the focus. @param {Controls} controls */
function back({ app, view, search }) {
  const { store, popover } = app;
  if (popover.close()) return;
  if (document.activeElement === search.input) {
    if (!search.clear()) search.input.blur();
    return;
  }
  if (view().back() || search.clear()) return;
  const { selected, line } = store.state;
  if (selected >= 0 || line) store.set({ selected: -1, node: -1, line: null });
  else app.focus.release();
}
