/** Colours of functions: Python chose them by package; here they get their pale forms, and all are made once a theme. */

import { CANVAS } from "./theme.js";

/** @import { Colors, Place, Places, ViewFacts } from "./types.js" */
/** @import { Scheme } from "./theme.js" */

/**
 * @typedef {object} Palette
 * @property {typeof CANVAS["light"]} canvas
 * @property {string[]} fill by function
 * @property {string[]} ink text on `fill`
 * @property {string[]} soft the place behind a name on `fill`
 * @property {string[]} pale the fill of what recedes: too few samples, or a search that it does not match
 * @property {string} paleInk text on `pale`
 */

/** @type {Colors} */
const GREY = { light: "#dcdfe4", dark: "#43474d", ink_light: "#1f2226", ink_dark: "#f3f5f8" };
/** How much of its colour a pale box keeps. */
const PALE = 0.28;
/** How much of its ink a place keeps: as little as leaves it at 4.5:1 on every fill. */
const SOFT = { light: 0.75, dark: 0.85 };

/**
 * @param {ViewFacts} view
 * @param {Place} place
 * @returns {Colors}
 */
function colorsOf(view, place) {
  return (place.kind === "package" ? view.packages[place.package] : view.kinds?.[place.kind]) ?? GREY;
}

/**
 * @param {ViewFacts} view
 * @param {Places} places
 * @param {Scheme} scheme
 * @returns {Palette}
 */
export function createPalette(view, places, scheme) {
  const canvas = CANVAS[scheme];
  const colors = places.list.map((place) => colorsOf(view, place));
  const fills = colors.map((one) => one[scheme]);
  const inks = colors.map((one) => one[scheme === "dark" ? "ink_dark" : "ink_light"]);
  const pales = fills.map((fill) => mix(fill, canvas.bg, PALE));
  const softs = inks.map((ink, i) => mix(ink, fills[i], SOFT[scheme]));
  /** @param {string[]} list */
  const byFunction = (list) => Array.from(places.of, (place) => list[place]);
  return { canvas, fill: byFunction(fills), ink: byFunction(inks), soft: byFunction(softs), pale: byFunction(pales), paleInk: canvas.muted };
}

/**
 * @param {string} one "#rrggbb"
 * @param {string} other
 * @param {number} part of `one`
 */
export function mix(one, other, part) {
  const channel = (/** @type {number} */ at) => {
    const [a, b] = [one, other].map((color) => Number.parseInt(color.slice(at, at + 2), 16));
    return Math.round(a * part + b * (1 - part)).toString(16).padStart(2, "0");
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}
