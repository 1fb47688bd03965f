/** The viewer's state, and what follows from it: each result is computed once for as long as it holds. */

import { leftHeavy } from "./layout.js";
import { hotLines, nodeLines } from "./lines.js";
import { placeText } from "./places.js";
import { litNodes, match, matchedWeight } from "./search.js";
import { remember } from "./store.js";
import { timeOrder } from "./timeline.js";
import { buildTree, focusFrom, invertFrom } from "./tree.js";
import { defaultLanes, documentTotal, functionWeights, stackSelf, stackTotal, treeWeights, valueIndex } from "./weights.js";

/** @import { Places, Profile, Recursion, Tree, ViewFacts } from "./types.js" */
/** @import { Order } from "./rows.js" */

/** @typedef {"flame" | "time" | "sandwich" | "lines"} Tab */

/**
 * @typedef {object} State
 * @property {Tab} tab
 * @property {number} value into the profile's value types
 * @property {Uint8Array | null} lanes the lanes chosen by hand; null: the value's own
 * @property {boolean} mine
 * @property {Recursion} recursion
 * @property {boolean} up the root stands at the bottom
 * @property {string} query
 * @property {number} selected function, -1 none
 * @property {number} node of the flame graph's tree that was selected, -1 none
 * @property {{file: string, line: number} | null} line a selected line
 * @property {string} file the file that the lines tab shows, "" for the heaviest
 * @property {Order} order of the sandwich's table
 */

/**
 * @param {Profile} profile
 * @param {Places} places
 * @param {ViewFacts} view
 * @returns {State}
 */
export function firstState(profile, places, view) {
  const value = Math.max(valueIndex(profile, view.value), 0);
  return {
    tab: "flame",
    value,
    lanes: null,
    mine: ownFunctions(profile, places) > 1,
    recursion: "keep",
    up: false,
    query: "",
    selected: -1,
    node: -1,
    line: null,
    file: "",
    order: { by: "self", descending: true },
  };
}

/**
 * How many functions are the user's own. Where there is only the cell itself, folding all else would leave no picture.
 *
 * @param {Profile} profile
 * @param {Places} places
 */
function ownFunctions(profile, places) {
  return profile.functions.name.reduce((sum, _, fn) => sum + (places.group[fn] < 0 ? 1 : 0), 0);
}

/** Callers with less than this part of all weight are not followed: nobody could see them. */
const SMALLEST = 1 / 20_000;

/**
 * The steps of the work, each of which remembers its last result.
 *
 * @param {Profile} profile
 * @param {Places} places
 */
function createSteps(profile, places) {
  /** @typedef {Uint8Array} U8 @typedef {Float64Array} F64 */
  return {
    lanes: remember((/** @type {number} */ value, /** @type {U8 | null} */ lanes) => lanes ?? defaultLanes(profile, value)),
    self: remember((/** @type {number} */ value, /** @type {U8} */ lanes) => stackSelf(profile, value, lanes)),
    whole: remember((/** @type {F64} */ self) => stackTotal(profile.stacks, self)),
    total: remember((/** @type {number} */ value, /** @type {U8} */ lanes) => documentTotal(profile, value, lanes)),
    tree: remember((/** @type {F64} */ self, /** @type {Recursion} */ recursion, /** @type {boolean} */ mine) =>
      buildTree(profile, self, { recursion, mine, places }),
    ),
    flame: remember(leftHeavy),
    time: remember((/** @type {Tree} */ tree, /** @type {U8} */ lanes, /** @type {number} */ value) => timeOrder(profile, tree, lanes, value)),
    weights: remember((/** @type {number} */ value, /** @type {U8} */ lanes) => functionWeights(profile, value, lanes)),
    folded: remember((/** @type {Tree} */ tree) => treeWeights(tree, profile.functions.name.length)),
    match: remember((/** @type {string} */ query) => match(profile, places, query)),
    matched: remember((/** @type {U8} */ functions, /** @type {F64} */ self) => matchedWeight(profile, functions, self)),
    lit: remember((/** @type {Tree} */ tree, /** @type {U8} */ functions) => litNodes(profile, tree, functions)),
    callers: remember((/** @type {Tree} */ tree, /** @type {number} */ fn) => leftHeavy(invertFrom(tree, fn, tree.weight * SMALLEST))),
    callees: remember((/** @type {Tree} */ tree, /** @type {number} */ fn) => leftHeavy(focusFrom(tree, fn))),
    hot: remember((/** @type {string} */ file, /** @type {F64} */ self) => hotLines(profile, file, self)),
  };
}

/**
 * What follows from a state.
 *
 * @param {Profile} profile
 * @param {Places} places
 */
export function createFindings(profile, places) {
  const step = createSteps(profile, places);
  const lanes = (/** @type {State} */ state) => step.lanes(state.value, state.lanes);
  const self = (/** @type {State} */ state) => step.self(state.value, lanes(state));
  const tree = (/** @type {State} */ state) => step.tree(self(state), state.recursion, state.mine);
  return {
    lanes,
    tree,
    /** What shares are fractions of. @param {State} state */
    total: (state) => step.total(state.value, lanes(state)),
    /** @param {State} state */
    flame: (state) => step.flame(tree(state)),
    /** @param {State} state */
    time: (state) => step.time(tree(state), lanes(state), state.value),
    /** The table's weights: those of the folded picture where it is folded. @param {State} state */
    weights: (state) => (state.mine || state.recursion === "fold" ? step.folded(tree(state)) : step.weights(state.value, lanes(state))),
    /** @param {State} state */
    match: (state) => step.match(state.query),
    /** Weight of all that matches, nothing twice. @param {State} state */
    matched: (state) => step.matched(step.match(state.query).functions, self(state)),
    /** Nodes of the tree in which something matches; null without a query. @param {State} state */
    lit: (state) => (state.query.trim() ? step.lit(tree(state), step.match(state.query).functions) : null),
    /** @param {State} state */
    callers: (state) => step.callers(tree(state), state.selected),
    /** @param {State} state */
    callees: (state) => step.callees(tree(state), state.selected),
    /** The executed lines of a node of the tree, heaviest first. @param {State} state @param {number} node */
    nodeLines: (state, node) => nodeLines(profile, tree(state), node, step.whole(self(state))),
    /** What was evaluated on the lines of a file, heaviest first. @param {State} state @param {string} file */
    hot: (state, file) => step.hot(file, self(state)),
    /** @param {number} fn @param {number} [line] */
    place: (fn, line) => placeText(profile, places, fn, line),
  };
}
