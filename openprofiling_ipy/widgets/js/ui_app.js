/** What all parts of the viewer share: the profile, the state, the theme, and the things there is one of. */

import { formatPercent, formatValue } from "./format.js";
import { createPalette } from "./paint_colors.js";
import { createLabels, createRuler } from "./paint_text.js";
import { FONT } from "./paint.js";
import { placesOf } from "./places.js";
import { createGate, createStore, remember } from "./store.js";
import { createTheme } from "./theme.js";
import { createCard } from "./ui_card.js";
import { createFocus } from "./ui_focus.js";
import { createPopover } from "./ui_popover.js";
import { createFindings, firstState } from "./ui_state.js";

/** @import { Profile, ViewFacts } from "./types.js" */
/** @import { Scheme } from "./theme.js" */

/** @typedef {ReturnType<typeof createApp>} App */

/** Drawing is measured under these names, for benchmarks; a page that lies open for days must not hoard them. */
const MEASURES_KEPT = 1000;

/**
 * @param {HTMLElement} host
 * @param {Profile} profile
 * @param {ViewFacts} view
 * @param {string} original the text of the page as it was before anything was drawn
 */
export function createApp(host, profile, view, original) {
  const places = placesOf(profile, view);
  const store = createStore(firstState(profile, places, view));
  const findings = createFindings(profile, places);
  const end = new AbortController();
  const { signal } = end;
  const theme = createTheme(window, signal);
  const measurer = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  measurer.font = FONT;
  measurer.fontKerning = "none";
  const ruler = createRuler((text) => measurer.measureText(text).width);
  const palette = remember((/** @type {Scheme} */ scheme) => createPalette(view, places, scheme));
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  /** @param {number} fn */
  const name = (fn) => profile.strings[profile.functions.name[fn]] || "(anonymous)";
  /** What a box says behind a function's name: the line of own code, else the package. @param {number} fn */
  const brief = (fn) => {
    const place = places.list[places.of[fn]];
    return place.kind === "package" || place.kind === "stdlib" ? place.package || place.short : findings.place(fn);
  };
  const labels = createLabels((fn) => ({ name: name(fn), place: brief(fn) }), ruler);
  let measures = 0;
  return {
    host, profile, view, original, places, store, findings, theme, ruler, labels, name,
    gate: createGate((run) => void requestAnimationFrame(run)),
    popover: createPopover(host, signal),
    card: createCard(host),
    focus: createFocus(window, signal),
    /** Says when the viewer ends: what listens beyond its own elements stops then. */
    signal,
    close: () => end.abort(),
    palette: () => palette(theme.scheme),
    /** Whether nothing may be animated. */
    still: () => calm.matches,
    get unit() {
      return profile.valueTypes[store.state.value].unit;
    },
    /** @param {number} weight */
    format: (weight) => formatValue(weight, profile.valueTypes[store.state.value].unit),
    /** The weight as a share of all that is shown. @param {number} weight */
    percent: (weight) => formatPercent(weight / (findings.total(store.state) || 1)),
    /** @param {string} what @param {number} start */
    measured(what, start) {
      if (++measures % MEASURES_KEPT === 0) performance.clearMeasures();
      performance.measure(`oprof:${what}`, { start, end: performance.now() });
    },
  };
}

/**
 * A value's kind as people read it.
 *
 * @param {string} kind
 */
export function valueName(kind) {
  return { cpu: "CPU", wall: "Wall", samples: "Samples" }[kind] ?? kind;
}
