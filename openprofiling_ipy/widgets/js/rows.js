/** The function table: which functions, in which order. */

/** @import { FunctionWeights } from "./types.js" */

/**
 * @typedef {object} Order
 * @property {"self" | "total" | "name"} by
 * @property {boolean} descending
 */

/**
 * The functions that have weight and pass the filter. Ties are broken by the other weight, then by name, then by id, so
 * that the order never wavers.
 * @param {FunctionWeights} weights
 * @param {string[]} names [U] what "name" sorts by, usually labels
 * @param {Order} order
 * @param {Uint8Array | null} [filter] [U] as `search.match` gives; null for all
 * @returns {Int32Array} function ids
 */
export function tableRows(weights, names, order, filter = null) {
  const { self, total } = weights;
  const shown = [];
  for (let fn = 0; fn < total.length; fn++) if (total[fn] > 0 && (!filter || filter[fn])) shown.push(fn);
  const [first, second] = order.by === "self" ? [self, total] : [total, self];
  const byWeight = (/** @type {number} */ a, /** @type {number} */ b) => first[b] - first[a] || second[b] - second[a];
  const byName = (/** @type {number} */ a, /** @type {number} */ b) => compare(names[a], names[b]);
  const sign = order.descending ? 1 : -1;
  return Int32Array.from(
    shown.sort((a, b) =>
      order.by === "name" ? -sign * byName(a, b) || byWeight(a, b) || a - b : sign * byWeight(a, b) || byName(a, b) || a - b,
    ),
  );
}

/**
 * Order of code points, the same on every machine.
 * @param {string} one
 * @param {string} two
 * @returns {number}
 */
function compare(one, two) {
  return one < two ? -1 : one > two ? 1 : 0;
}
