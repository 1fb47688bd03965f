/**
 * Boxes in time order: a band of rows for each lane, adjacent samples that share a prefix of their stacks merged.
 *
 * Where times and wall are known, a sample covers [time - wall, time] and what nothing covers stays a gap; else samples
 * stand side by side, each as wide as its weight.
 */

import { gathered, grown } from "./columns.js";
import { formatCount } from "./format.js";
import { rowStarts } from "./layout.js";
import { bands, hasClock } from "./spans.js";

/** @import { Band } from "./spans.js" */
/** @import { Boxes, Lane, Profile, TimeBoxes, Tree } from "./types.js" */

/**
 * @param {Profile} profile
 * @param {Tree} tree from `buildTree` for the same lanes and value
 * @param {Uint8Array} lanes
 * @param {number} value
 * @returns {TimeBoxes}
 */
export function timeOrder(profile, tree, lanes, value) {
  const list = bands(profile, tree, lanes, value);
  const clock = hasClock(profile);
  const drawing = new Drawing(tree);
  let row = 0;
  let right = clock ? profile.duration : 0;
  /** @type {Lane[]} */
  const laneRows = [];
  for (const band of list) {
    const headerRow = list.length > 1 ? row++ : -1;
    const rows = drawing.band(band, row);
    const { thread, total, hidden, joined } = band;
    laneRows.push({ thread, headerRow, firstRow: row, rows, total, hidden, joined });
    right = Math.max(right, band.end[band.count - 1]);
    row += rows;
  }
  return { ...drawing.boxes(row, right), lanes: laneRows, clock };
}

/**
 * What lanes do not show, in words: samples that are there but have no box of their own.
 * @param {Pick<Lane, "hidden" | "joined">[]} lanes
 * @returns {string[]}
 */
export function leftOut(lanes) {
  const sum = (/** @type {"hidden" | "joined"} */ what) => lanes.reduce((count, lane) => count + lane[what], 0);
  const [joined, hidden] = [sum("joined"), sum("hidden")];
  const words = [];
  if (joined) words.push(`too many to draw each: ${formatCount(joined)} samples joined to their neighbours here, not in Flame`);
  if (hidden) words.push(`${formatCount(hidden)} overlapping samples not drawn`);
  return words;
}

/** Growing columns of boxes, and the path that is open at the pen. */
class Drawing {
  /** @param {Tree} tree */
  constructor(tree) {
    this.tree = tree;
    this.count = 0;
    this.node = new Int32Array(1024);
    this.parent = new Int32Array(1024);
    this.row = new Int32Array(1024);
    this.x0 = new Float64Array(1024);
    this.x1 = new Float64Array(1024);
    this.self = new Float64Array(1024);
    /** The open boxes, by depth. */
    this.path = new Int32Array(16);
    this.open = 0;
    this.firstRow = 0;
  }

  /**
   * Draw a lane's spans.
   * @param {Band} band
   * @param {number} firstRow
   * @returns {number} how many rows it takes
   */
  band({ count, leaf, start, end, weight }, firstRow) {
    let rows = 0;
    this.firstRow = firstRow;
    this.open = 0;
    for (let i = 0; i < count; i++) {
      if (i && start[i] > end[i - 1]) this.open = 0;
      this.span(leaf[i], start[i], end[i], weight[i]);
      if (this.open > rows) rows = this.open;
    }
    return rows;
  }

  /**
   * @param {number} leaf node
   * @param {number} start
   * @param {number} end
   * @param {number} weight
   */
  span(leaf, start, end, weight) {
    const { depth, parent } = this.tree;
    const deepest = depth[leaf];
    if (deepest >= this.path.length) this.path = grown(this.path, deepest + 1);
    // Where a node of the path is still open, so are all above it.
    let node = leaf;
    while (node >= 0 && !(depth[node] < this.open && this.node[this.path[depth[node]]] === node)) node = parent[node];
    const kept = node < 0 ? 0 : depth[node] + 1;
    this.reserve(deepest + 1 - kept);
    this.open = deepest + 1;
    let box = this.count + deepest + 1 - kept;
    this.count = box;
    for (node = leaf; node >= 0 && depth[node] >= kept; node = parent[node]) {
      box--;
      this.path[depth[node]] = box;
      this.node[box] = node;
      this.row[box] = this.firstRow + depth[node];
      this.parent[box] = depth[node] === kept ? (kept ? this.path[kept - 1] : -1) : box - 1;
      this.x0[box] = start;
    }
    this.x1[this.path[deepest]] = end;
    this.self[this.path[deepest]] += weight;
  }

  /** @param {number} more */
  reserve(more) {
    const size = this.count + more;
    if (size <= this.node.length) return;
    [this.node, this.parent, this.row] = [grown(this.node, size), grown(this.parent, size), grown(this.row, size)];
    [this.x0, this.x1, this.self] = [grown(this.x0, size), grown(this.x1, size), grown(this.self, size)];
  }

  /**
   * @param {number} rows
   * @param {number} right
   * @returns {Boxes}
   */
  boxes(rows, right) {
    const { count, parent, x1 } = this;
    const total = this.self.slice(0, count);
    for (let box = count - 1; box >= 0; box--) {
      const above = parent[box];
      if (above < 0) continue;
      total[above] += total[box];
      x1[above] = Math.max(x1[above], x1[box]);
    }
    const rowStart = rowStarts(this.row.subarray(0, count), rows);
    const order = byRow(this.row, count, rowStart);
    const place = new Int32Array(count);
    for (let box = 0; box < count; box++) place[order[box]] = box;
    for (let box = 0; box < count; box++) if (parent[box] >= 0) parent[box] = place[parent[box]];
    const node = gathered(this.node, order);
    const columns = {
      fn: gathered(this.tree.fn, node),
      parent: gathered(parent, order),
      row: gathered(this.row, order),
      x0: gathered(this.x0, order),
      x1: gathered(x1, order),
      self: gathered(this.self, order),
      total: gathered(total, order),
      node,
    };
    return indexed(columns, rowStart, right);
  }
}

/**
 * The boxes sorted by row; within a row they are already in order.
 * @param {Int32Array} row
 * @param {number} count
 * @param {Int32Array} rowStart
 * @returns {Int32Array}
 */
function byRow(row, count, rowStart) {
  const free = rowStart.slice();
  const order = new Int32Array(count);
  for (let box = 0; box < count; box++) order[free[row[box]]++] = box;
  return order;
}

/**
 * Columns that are sorted by row and x, with the index of children.
 * @param {Pick<Boxes, "fn" | "parent" | "row" | "x0" | "x1" | "self" | "total" | "node">} columns
 * @param {Int32Array} rowStart
 * @param {number} x1Max
 * @returns {Boxes}
 */
function indexed(columns, rowStart, x1Max) {
  const { row, parent, x0, x1 } = columns;
  const count = row.length;
  const rows = rowStart.length - 1;
  const widest = new Float64Array(rows);
  const firstChild = new Int32Array(count).fill(-1);
  for (let box = count - 1; box >= 0; box--) {
    widest[row[box]] = Math.max(widest[row[box]], x1[box] - x0[box]);
    if (parent[box] >= 0) firstChild[parent[box]] = box;
  }
  return { ...columns, count, rowStart, widest, firstChild, rows, heaviestFirst: false, x0Min: 0, x1Max };
}
