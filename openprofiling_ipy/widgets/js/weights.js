/** Self and total of stacks and functions, for a value and a choice of lanes. */

/** @import { FunctionWeights, Profile, Tree } from "./types.js" */

/**
 * The column of a value kind, -1 where the profile has none.
 * @param {Profile} profile
 * @param {string} kind
 * @returns {number}
 */
export function valueIndex(profile, kind) {
  return profile.valueTypes.findIndex((type) => type.kind === kind);
}

/**
 * The lanes shown at first: for wall those that belong to the cell (all where none does), for every other value all.
 * @param {Profile} profile
 * @param {number} value
 * @returns {Uint8Array} [T] 1 where the lane counts
 */
export function defaultLanes(profile, value) {
  const home = profile.valueTypes[value].kind === "wall" && profile.threads.some((thread) => thread.home);
  return Uint8Array.from(profile.threads, (thread) => (thread.home || !home ? 1 : 0));
}

/**
 * @param {Profile} profile
 * @param {number} value
 * @returns {Float64Array} [T]
 */
export function laneTotals(profile, value) {
  const totals = new Float64Array(profile.threads.length);
  const { thread, values } = profile.samples;
  const column = values[value];
  for (let i = 0; i < thread.length; i++) totals[thread[i]] += column[i];
  return totals;
}

/**
 * What shares are fractions of: the value summed over its default lanes, empty stacks included.
 * @param {Profile} profile
 * @param {number} value
 * @param {Uint8Array} [lanes] other than the default ones
 * @returns {number}
 */
export function documentTotal(profile, value, lanes = defaultLanes(profile, value)) {
  return laneTotals(profile, value).reduce((sum, total, lane) => (lanes[lane] ? sum + total : sum), 0);
}

/**
 * @param {Profile} profile
 * @param {number} value
 * @param {Uint8Array} lanes
 * @returns {Float64Array} [N] the weight of the samples that end in a stack
 */
export function stackSelf(profile, value, lanes) {
  const self = new Float64Array(profile.stacks.parent.length);
  const { stack, thread, values } = profile.samples;
  const column = values[value];
  for (let i = 0; i < stack.length; i++) {
    if (stack[i] >= 0 && lanes[thread[i]]) self[stack[i]] += column[i];
  }
  return self;
}

/**
 * @param {{parent: Int32Array}} stacks parents before children
 * @param {Float64Array} self
 * @returns {Float64Array} the weight of each subtree
 */
export function stackTotal(stacks, self) {
  const total = Float64Array.from(self);
  const { parent } = stacks;
  for (let i = total.length - 1; i >= 0; i--) if (parent[i] >= 0) total[parent[i]] += total[i];
  return total;
}

/**
 * Self and total of every function; a function that calls itself counts once.
 * @param {Profile} profile
 * @param {number} value
 * @param {Uint8Array} lanes
 * @returns {FunctionWeights}
 */
export function functionWeights(profile, value, lanes) {
  const { stacks, frames } = profile;
  const stackOwn = stackSelf(profile, value, lanes);
  const whole = stackTotal(stacks, stackOwn);
  const count = profile.functions.name.length;
  const weights = { self: new Float64Array(count), total: new Float64Array(count) };
  // Up to where the outermost stack of a function reaches: stacks are in preorder, so what starts before is inside.
  const open = new Int32Array(count);
  for (let i = 0; i < stackOwn.length; i++) {
    const fn = frames.fn[stacks.frame[i]];
    weights.self[fn] += stackOwn[i];
    if (i >= open[fn]) {
      weights.total[fn] += whole[i];
      open[fn] = stacks.end[i];
    }
  }
  return weights;
}

/**
 * Self and total of every function as a tree shows it, what is folded into another counting there; a function that is on
 * its own path counts once.
 * @param {Tree} tree
 * @param {number} functions
 * @returns {FunctionWeights}
 */
export function treeWeights({ fn, parent, depth, newest, older, self, total }, functions) {
  const weights = { self: new Float64Array(functions), total: new Float64Array(functions) };
  // How often a function is on the path that is open, which is walked by the chains of children.
  const open = new Int32Array(functions);
  for (let node = newest[0] - 1, left = -1; node >= 0; ) {
    for (; left >= 0 && depth[left] >= depth[node]; left = parent[left]) open[fn[left]]--;
    weights.self[fn[node]] += self[node];
    if (open[fn[node]]++ === 0) weights.total[fn[node]] += total[node];
    left = node;
    let next = newest[node + 1] - 1;
    for (; next < 0 && node >= 0; node = parent[node]) next = older[node] - 1;
    node = next;
  }
  return weights;
}
