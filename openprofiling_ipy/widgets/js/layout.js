/** Tree → boxes, left heavy: siblings by total, the heaviest first, ties by function. */

/** @import { Boxes, Tree } from "./types.js" */

/**
 * Walks the tree depth first, as its nodes lie in memory, and fills every row from the left.
 * @param {Tree} tree
 * @returns {Boxes}
 */
export function leftHeavy(tree) {
  const { count, newest, older } = tree;
  const rowStart = rowStarts(tree.depth);
  const rows = rowStart.length - 1;
  const [fn, parent, node, firstChild, pending, scratch] = [0, 0, 0, 0, 0, 0].map(() => new Int32Array(count));
  const [x0, x1, self, total] = [0, 0, 0, 0].map(() => new Float64Array(count));
  const widest = new Float64Array(rows);
  // By depth: the next free box, the children still to come (a range of `pending`), where the next begins.
  const [free, next, end] = [rowStart.slice(), new Int32Array(rows + 1), new Int32Array(rows + 1)];
  const x = new Float64Array(rows + 1);
  /** @type {(depth: number, above: number, from: number) => void} */
  const open = (depth, above, from) => {
    let to = from;
    for (let at = newest[above + 1]; at; at = older[at - 1]) pending[to++] = at - 1;
    if (to - from > 1) heaviestFirst(pending, from, to, tree.total, tree.fn, scratch);
    next[depth] = from;
    end[depth] = to;
  };
  open(0, -1, 0);
  for (let depth = 0; depth >= 0; ) {
    if (next[depth] === end[depth]) {
      depth--;
      continue;
    }
    const child = pending[next[depth]++];
    const box = free[depth]++;
    const width = tree.total[child];
    fn[box] = tree.fn[child];
    parent[box] = depth ? free[depth - 1] - 1 : -1;
    node[box] = child;
    self[box] = tree.self[child];
    total[box] = width;
    x0[box] = x[depth];
    x1[box] = x[depth] += width;
    if (width > widest[depth]) widest[depth] = width;
    // What the next row holds so far belongs to boxes further left.
    firstChild[box] = newest[child + 1] ? free[depth + 1] : -1;
    x[depth + 1] = x0[box];
    open(depth + 1, child, end[depth]);
    depth++;
  }
  const row = new Int32Array(count);
  for (let i = 0; i < rows; i++) row.fill(i, rowStart[i], rowStart[i + 1]);
  const boxes = { count, fn, parent, row, x0, x1, self, total, node, firstChild, rowStart, widest, rows };
  return { ...boxes, heaviestFirst: true, x0Min: 0, x1Max: tree.weight };
}

/**
 * Where each row begins, and the end of the last.
 * @param {Int32Array} row of each box or node, in any order
 * @param {number} [rows] at least
 * @returns {Int32Array} [rows + 1]
 */
export function rowStarts(row, rows = 0) {
  for (let i = 0; i < row.length; i++) if (row[i] >= rows) rows = row[i] + 1;
  const start = new Int32Array(rows + 1);
  for (let i = 0; i < row.length; i++) start[row[i] + 1]++;
  for (let i = 1; i <= rows; i++) start[i] += start[i - 1];
  return start;
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
