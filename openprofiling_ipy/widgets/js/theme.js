/**
 * Light or dark: the reader's choice first, then what the notebook says, then the system.
 *
 * The notebook speaks from outside the frame, whose origin is opaque: it posts `{type: "oprof-theme", theme: "dark"}`
 * ("light", "auto") to the frame's window. The frame posts `{type: "oprof-ready"}` to its parent once it listens.
 * A page may also be written with `data-theme` on its <html>.
 */

/** @typedef {"auto" | "light" | "dark"} Mode */
/** @typedef {"light" | "dark"} Scheme */

/** @type {Mode[]} */
const MODES = ["auto", "light", "dark"];

/** @param {unknown} value @returns {Mode} */
const asMode = (value) => (value === "light" || value === "dark" ? value : "auto");

/** Colours that the canvas needs; those of boxes come with the profile. Keep in step with style.css. */
export const CANVAS = {
  light: { bg: "#ffffff", soft: "#f5f6f8", line: "#e2e5ea", ink: "#1c2026", muted: "#596270", accent: "#2459c9", mark: "#ffb300" },
  dark: { bg: "#15171b", soft: "#1d2025", line: "#2c3138", ink: "#e7eaee", muted: "#a0a9b5", accent: "#86b0ff", mark: "#ffd24d" },
};

/**
 * @param {Window} page
 * @param {AbortSignal} signal ends it
 */
export function createTheme(page, signal) {
  const root = page.document.documentElement;
  const system = page.matchMedia("(prefers-color-scheme: dark)");
  let told = asMode(root.dataset.theme);
  /** @type {Mode} */
  let mode = "auto";
  /** @type {Set<() => void>} */
  const watchers = new Set();

  /** @returns {Scheme} */
  function scheme() {
    const wanted = mode === "auto" ? told : mode;
    if (wanted !== "auto") return wanted;
    return system.matches ? "dark" : "light";
  }
  function apply() {
    if (root.dataset.theme === scheme()) return;
    root.dataset.theme = scheme();
    for (const run of watchers) run();
  }
  /** @param {MessageEvent} event */
  function hear(event) {
    const said = event.data;
    if (!said || typeof said !== "object" || said.type !== "oprof-theme") return;
    told = asMode(said.theme);
    apply();
  }
  system.addEventListener("change", apply, { signal });
  page.addEventListener("message", hear, { signal });
  apply();
  if (page.parent !== page) page.parent.postMessage({ type: "oprof-ready" }, "*");
  return {
    get mode() {
      return mode;
    },
    get scheme() {
      return scheme();
    },
    /** Choose the next of auto, light, dark. */
    next() {
      mode = MODES[(MODES.indexOf(mode) + 1) % MODES.length];
      apply();
    },
    /** @param {() => void} run */
    watch(run) {
      watchers.add(run);
    },
  };
}

/** @typedef {ReturnType<typeof createTheme>} Theme */
