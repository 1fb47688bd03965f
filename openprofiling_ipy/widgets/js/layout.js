/** Tree → boxes, left heavy: siblings by total, the heaviest first, ties by function. */

/** @import { Boxes, Tree } from "./types.js" */

/**
 * @param {Tree} tree
 * @returns {Boxes}
 */
export function leftHeavy(tree) {
  const { count } = tree;
  const { first, children } = siblings(tree);
  const [fn, parent, row, node] = [0, 0, 0, 0].map(() => new Int32Array(count));
  const [x0, x1, self, total] = [0, 0, 0, 0].map(() => new Float64Array(count));
  let filled = 0;
  // Boxes are their own queue: breadth first, so that a row is a range and the children of a box stand together.
  for (let above = -1; above < filled; above++) {
    const inner = above < 0 ? -1 : node[above];
    let x = above < 0 ? 0 : x0[above];
    for (let i = first[inner + 1]; i < first[inner + 2]; i++, filled++) {
      const child = children[i];
      node[filled] = child;
      fn[filled] = tree.fn[child];
      parent[filled] = above;
      row[filled] = tree.depth[child];
      self[filled] = tree.self[child];
      total[filled] = tree.total[child];
      x0[filled] = x;
      x1[filled] = x += tree.total[child];
    }
  }
  return { ...rowsOf(row, x0, x1), fn, self, total, parent, node, x0Min: 0, x1Max: tree.weight };
}

/**
 * The children of every node, heaviest first: those of n are `children[first[n + 1] .. first[n + 2])`, -1 the roots.
 * @param {Tree} tree
 * @returns {{first: Int32Array, children: Int32Array}}
 */
function siblings({ count, parent, total, fn }) {
  const first = new Int32Array(count + 3);
  // Two places further than a plain count: one for the roots, one because filling moves every start to its end.
  for (let node = 0; node < count; node++) first[parent[node] + 3]++;
  for (let i = 1; i < first.length; i++) first[i] += first[i - 1];
  const children = new Int32Array(count);
  for (let node = 0; node < count; node++) children[first[parent[node] + 2]++] = node;
  const scratch = new Int32Array(count);
  for (let node = -1; node < count; node++) heaviestFirst(children, first[node + 1], first[node + 2], total, fn, scratch);
  return { first, children };
}

/**
 * Sort `ids[from..to)` by total descending, ties by function ascending: short ranges by insertion, then merged in pairs.
 * @param {Int32Array} ids
 * @param {number} from
 * @param {number} to
 * @param {Float64Array} total
 * @param {Int32Array} fn
 * @param {Int32Array} scratch as long as ids
 */
export function heaviestFirst(ids, from, to, total, fn, scratch) {
  const run = 12;
  for (let start = from; start < to; start += run) insertion(ids, start, Math.min(start + run, to), total, fn);
  for (let width = run; width < to - from; width *= 2) {
    for (let start = from; start + width < to; start += 2 * width) {
      merge(ids, start, start + width, Math.min(start + 2 * width, to), total, fn, scratch);
    }
  }
}

/**
 * @param {Int32Array} ids
 * @param {number} from
 * @param {number} to
 * @param {Float64Array} total
 * @param {Int32Array} fn
 */
function insertion(ids, from, to, total, fn) {
  for (let i = from + 1; i < to; i++) {
    const id = ids[i];
    let at = i;
    for (; at > from; at--) {
      const other = ids[at - 1];
      if (total[other] > total[id] || (total[other] === total[id] && fn[other] <= fn[id])) break;
      ids[at] = other;
    }
    ids[at] = id;
  }
}

/**
 * @param {Int32Array} ids
 * @param {number} from
 * @param {number} middle
 * @param {number} to
 * @param {Float64Array} total
 * @param {Int32Array} fn
 * @param {Int32Array} scratch
 */
function merge(ids, from, middle, to, total, fn, scratch) {
  scratch.set(ids.subarray(from, middle), from);
  let left = from;
  let right = middle;
  for (let at = from; left < middle && at < right; at++) {
    const one = scratch[left];
    const two = right < to ? ids[right] : -1;
    const keeps = two < 0 || total[one] > total[two] || (total[one] === total[two] && fn[one] <= fn[two]);
    ids[at] = keeps ? scratch[left++] : ids[right++];
  }
}

/**
 * The row index of boxes that are sorted by row.
 * @param {Int32Array} row
 * @param {Float64Array} x0
 * @param {Float64Array} x1
 * @param {number} [rows] at least
 */
export function rowsOf(row, x0, x1, rows = 0) {
  const count = row.length;
  const all = Math.max(rows, count ? row[count - 1] + 1 : 0);
  const rowStart = new Int32Array(all + 1);
  const widest = new Float64Array(all);
  for (let box = 0; box < count; box++) {
    const width = x1[box] - x0[box];
    rowStart[row[box] + 1]++;
    if (width > widest[row[box]]) widest[row[box]] = width;
  }
  for (let i = 1; i <= all; i++) rowStart[i] += rowStart[i - 1];
  return { count, row, x0, x1, rowStart, widest, rows: all };
}
