/** What every module does with typed arrays. */

/**
 * A copy of a column with room for at least `size`; never less than doubled, so that growing stays cheap.
 * @template {Int32Array<ArrayBufferLike> | Float64Array<ArrayBufferLike>} T
 * @param {T} column
 * @param {number} size
 * @returns {T extends Int32Array<ArrayBufferLike> ? Int32Array<ArrayBuffer> : Float64Array<ArrayBuffer>}
 */
export function grown(column, size) {
  const room = Math.max(size, column.length * 2);
  const longer = column instanceof Int32Array ? new Int32Array(room) : new Float64Array(room);
  longer.set(column);
  return /** @type {any} */ (longer);
}

/**
 * `column[order[0]], column[order[1]], ...`; many times faster than `TypedArray.from` with a function.
 * @template {Int32Array<ArrayBufferLike> | Float64Array<ArrayBufferLike>} T
 * @param {T} column
 * @param {Int32Array} order
 * @returns {T extends Int32Array<ArrayBufferLike> ? Int32Array<ArrayBuffer> : Float64Array<ArrayBuffer>}
 */
export function gathered(column, order) {
  const result = column instanceof Int32Array ? new Int32Array(order.length) : new Float64Array(order.length);
  for (let i = 0; i < order.length; i++) result[i] = column[order[i]];
  return /** @type {any} */ (result);
}
