/** Self and total of stacks and functions, for a value and a choice of lanes. */

/** @import { FunctionWeights, Profile } from "./types.js" */

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
