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
  const rows = count ? row[count - 1] + 1 : 0;
  return indexed({ fn, parent, row, x0, x1, self, total, node, heaviestFirst: true }, rows, tree.weight);
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
 * Boxes from columns that are sorted by row and x: adds the index of rows and of children.
 * @param {Pick<Boxes, "fn" | "parent" | "row" | "x0" | "x1" | "self" | "total" | "node" | "heaviestFirst">} columns
 * @param {number} rows
 * @param {number} x1Max
 * @returns {Boxes}
 */
export function indexed(columns, rows, x1Max) {
  const { row, parent, x0, x1 } = columns;
  const count = row.length;
  const rowStart = new Int32Array(rows + 1);
  const widest = new Float64Array(rows);
  const firstChild = new Int32Array(count).fill(-1);
  for (let box = count - 1; box >= 0; box--) {
    const width = x1[box] - x0[box];
    rowStart[row[box] + 1]++;
    if (width > widest[row[box]]) widest[row[box]] = width;
    if (parent[box] >= 0) firstChild[parent[box]] = box;
  }
  for (let i = 1; i <= rows; i++) rowStart[i] += rowStart[i - 1];
  return { ...columns, count, rowStart, widest, firstChild, rows, x0Min: 0, x1Max };
}
