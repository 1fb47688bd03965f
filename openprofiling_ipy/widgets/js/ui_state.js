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

/**
 * @param {Profile} profile
 * @param {Places} places
 */
export function createFindings(profile, places) {
  const lanesOf = remember((/** @type {number} */ value, /** @type {Uint8Array | null} */ lanes) => lanes ?? defaultLanes(profile, value));
  const self = remember((/** @type {number} */ value, /** @type {Uint8Array} */ lanes) => stackSelf(profile, value, lanes));
  const total = remember((/** @type {number} */ value, /** @type {Uint8Array} */ lanes) => documentTotal(profile, value, lanes));
  const whole = remember((/** @type {Float64Array} */ weights) => stackTotal(profile.stacks, weights));
  const hot = remember((/** @type {string} */ file, /** @type {Float64Array} */ weights) => hotLines(profile, file, weights));
  const tree = remember((/** @type {Float64Array} */ weights, /** @type {Recursion} */ recursion, /** @type {boolean} */ mine) =>
    buildTree(profile, weights, { recursion, mine, places }),
  );
  const flame = remember(leftHeavy);
  const time = remember((/** @type {Tree} */ of, /** @type {Uint8Array} */ lanes, /** @type {number} */ value) =>
    timeOrder(profile, of, lanes, value),
  );
  const raw = remember((/** @type {number} */ value, /** @type {Uint8Array} */ lanes) => functionWeights(profile, value, lanes));
  const folded = remember((/** @type {Tree} */ of) => treeWeights(of, profile.functions.name.length));
  const found = remember((/** @type {string} */ query) => match(profile, places, query));
  const share = remember((/** @type {Uint8Array} */ functions, /** @type {Float64Array} */ weights) =>
    matchedWeight(profile, functions, weights),
  );
  const lit = remember((/** @type {Tree} */ of, /** @type {Uint8Array} */ functions) => litNodes(profile, of, functions));
  const callers = remember((/** @type {Tree} */ of, /** @type {number} */ fn) => leftHeavy(invertFrom(of, fn, of.weight / 20_000)));
  const callees = remember((/** @type {Tree} */ of, /** @type {number} */ fn) => leftHeavy(focusFrom(of, fn)));
  const lanes = (/** @type {State} */ state) => lanesOf(state.value, state.lanes);
  const selfOf = (/** @type {State} */ state) => self(state.value, lanes(state));
  const treeOf = (/** @type {State} */ state) => tree(selfOf(state), state.recursion, state.mine);
  return {
    lanes,
    self: selfOf,
    tree: treeOf,
    /** What shares are fractions of. @param {State} state */
    total: (state) => total(state.value, lanes(state)),
    /** @param {State} state */
    flame: (state) => flame(treeOf(state)),
    /** @param {State} state */
    time: (state) => time(treeOf(state), lanes(state), state.value),
    /** The table's weights: those of the folded picture where it is folded. @param {State} state */
    weights: (state) => (state.mine || state.recursion === "fold" ? folded(treeOf(state)) : raw(state.value, lanes(state))),
    /** @param {State} state */
    match: (state) => found(state.query),
    /** Weight of all that matches, nothing twice. @param {State} state */
    matched: (state) => share(found(state.query).functions, selfOf(state)),
    /** Nodes of the tree in which something matches; null without a query. @param {State} state */
    lit: (state) => (state.query.trim() ? lit(treeOf(state), found(state.query).functions) : null),
    /** @param {State} state */
    callers: (state) => callers(treeOf(state), state.selected),
    /** @param {State} state */
    callees: (state) => callees(treeOf(state), state.selected),
    /** The executed lines of a node of the tree, heaviest first. @param {State} state @param {number} node */
    nodeLines: (state, node) => nodeLines(profile, treeOf(state), node, whole(selfOf(state))),
    /** What was evaluated on the lines of a file, heaviest first. @param {State} state @param {string} file */
    hot: (state, file) => hot(file, selfOf(state)),
    /** @param {number} fn @param {number} [line] */
    place: (fn, line) => placeText(profile, places, fn, line),
  };
}

/** @typedef {ReturnType<typeof createFindings>} Findings */
/** @typedef {import("./types.js").Hot} Hot */
