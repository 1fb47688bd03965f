/** Search in names and places, and what it found in a picture. */

import { gathered } from "./columns.js";
import { label } from "./places.js";
import { stackTotal } from "./weights.js";

/** @import { Boxes, Match, Places, Profile, Tree } from "./types.js" */

/**
 * Functions whose label (`qualified.name · place:line`) or file contains `query`, upper and lower case alike;
 * `/expression/` searches by a regular expression. An empty query matches nothing.
 * @param {Profile} profile
 * @param {Places} places
 * @param {string} query
 * @returns {Match}
 */
export function match(profile, places, query) {
  const functions = new Uint8Array(profile.functions.name.length);
  const { test, error } = tester(query.trim());
  let count = 0;
  if (test) {
    for (let fn = 0; fn < functions.length; fn++) {
      const file = profile.strings[profile.functions.file[fn]];
      if (test(label(profile, places, fn)) || test(file)) count += functions[fn] = 1;
    }
  }
  return { functions, count, error };
}

/**
 * @param {string} query
 * @returns {{test: ((text: string) => boolean) | null, error: string}}
 */
function tester(query) {
  if (!query) return { test: null, error: "" };
  if (query.length > 2 && query.startsWith("/") && query.endsWith("/")) {
    try {
      const expression = new RegExp(query.slice(1, -1), "iu");
      return { test: (text) => expression.test(text), error: "" };
    } catch (error) {
      return { test: null, error: error instanceof Error ? error.message : String(error) };
    }
  }
  const needle = query.toLowerCase();
  return { test: (text) => text.toLowerCase().includes(needle), error: "" };
}

/**
 * The weight of everything that matches, what lies under a match counted once.
 * @param {Pick<Tree | Boxes, "count" | "fn" | "parent" | "total">} tree
 * @param {Uint8Array} functions
 * @returns {number}
 */
export function matchedTotal({ count, fn, parent, total }, functions) {
  const inside = new Uint8Array(count);
  let sum = 0;
  for (let node = 0; node < count; node++) {
    if (parent[node] >= 0 && inside[parent[node]]) inside[node] = 1;
    else if (functions[fn[node]]) {
      inside[node] = 1;
      sum += total[node];
    }
  }
  return sum;
}

/**
 * The weight of stacks that contain a match. Counted on the stacks themselves, so that a match inside a folded package
 * counts too.
 * @param {Profile} profile
 * @param {Uint8Array} functions
 * @param {Float64Array} selfWeights
 * @returns {number}
 */
export function matchedWeight({ stacks, frames }, functions, selfWeights) {
  const fn = gathered(frames.fn, stacks.frame);
  const total = stackTotal(stacks, selfWeights);
  return matchedTotal({ count: fn.length, fn, parent: stacks.parent, total }, functions);
}

/**
 * The nodes in which something matches, be it folded away.
 * @param {Profile} profile
 * @param {Tree} tree from `buildTree`
 * @param {Uint8Array} functions
 * @returns {Uint8Array} [count] 1 where it does
 */
export function litNodes({ stacks, frames }, { count, stackNode }, functions) {
  const nodes = new Uint8Array(count);
  for (let i = 0; i < stackNode.length; i++) {
    if (stackNode[i] >= 0 && functions[frames.fn[stacks.frame[i]]]) nodes[stackNode[i]] = 1;
  }
  return nodes;
}
