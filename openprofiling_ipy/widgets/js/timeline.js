/**
 * Boxes in time order: a band of rows for each lane, adjacent samples that share a prefix of their stacks merged.
 *
 * Where times and wall are known, a sample covers [time - wall, time] and what nothing covers stays a gap; else samples
 * stand side by side, each as wide as its weight.
 */

import { grown } from "./grow.js";
import { rowsOf } from "./layout.js";
import { valueIndex } from "./weights.js";

/** @import { Lane, Profile, TimeBoxes, Tree } from "./types.js" */

/**
 * @param {Profile} profile
 * @param {Tree} tree from `buildTree` for the same lanes and value
 * @param {Uint8Array} lanes
 * @param {number} value
 * @returns {TimeBoxes}
 */
export function timeOrder(profile, tree, lanes, value) {
  const bands = samplesByLane(profile, tree, lanes, value);
  const wall = valueIndex(profile, "wall");
  const { time, values } = profile.samples;
  const clock = time !== null && wall >= 0;
  const drawn = new Drawing(tree);
  let row = 0;
  let right = 0;
  /** @type {Lane[]} */
  const list = [];
  for (const { thread, samples, rows } of bands) {
    const headerRow = bands.length > 1 ? row++ : -1;
    const lane = { thread, headerRow, firstRow: row, rows, total: 0, hidden: 0 };
    drawn.begin(row);
    let free = clock ? -Infinity : 0;
    for (const i of samples) {
      const weight = values[value][i];
      const end = clock ? time[i] : free + weight;
      const start = Math.max(clock ? end - values[wall][i] : free, free);
      lane.total += weight;
      if (end <= start) {
        lane.hidden++;
        continue;
      }
      if (start > free) drawn.close();
      drawn.sample(tree.stackNode[profile.samples.stack[i]], start, end, weight);
      free = end;
    }
    right = Math.max(right, free);
    row += rows;
    list.push(lane);
  }
  return { ...drawn.boxes(row, clock ? Math.max(right, profile.duration) : right), lanes: list, clock };
}

/**
 * The samples to draw, lane by lane: those of the user first.
 * @param {Profile} profile
 * @param {Tree} tree
 * @param {Uint8Array} lanes
 * @param {number} value
 */
function samplesByLane(profile, tree, lanes, value) {
  const { stack, thread, values } = profile.samples;
  const bands = profile.threads.map((_, lane) => ({ thread: lane, samples: /** @type {number[]} */ ([]), rows: 0 }));
  for (let i = 0; i < stack.length; i++) {
    if (stack[i] < 0 || !lanes[thread[i]] || values[value][i] <= 0) continue;
    const band = bands[thread[i]];
    band.samples.push(i);
    band.rows = Math.max(band.rows, tree.depth[tree.stackNode[stack[i]]] + 1);
  }
  const home = (/** @type {{thread: number}} */ band) => (profile.threads[band.thread].home ? 0 : 1);
  return bands.filter((band) => band.samples.length).sort((a, b) => home(a) - home(b) || a.thread - b.thread);
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

  /** @param {number} firstRow */
  begin(firstRow) {
    this.firstRow = firstRow;
    this.open = 0;
  }

  close() {
    this.open = 0;
  }

  /**
   * @param {number} leaf node
   * @param {number} start
   * @param {number} end
   * @param {number} weight
   */
  sample(leaf, start, end, weight) {
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
    for (node = leaf; depth[node] >= kept && node >= 0; node = parent[node]) {
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
    const order = byRow(this.row, count, rows);
    const place = new Int32Array(count);
    for (let box = 0; box < count; box++) place[order[box]] = box;
    const node = order.map((box) => this.node[box]);
    const pick = (/** @type {Float64Array} */ column) => Float64Array.from(order, (box) => column[box]);
    return {
      ...rowsOf(order.map((box) => this.row[box]), pick(this.x0), pick(x1), rows),
      fn: node.map((n) => this.tree.fn[n]),
      parent: order.map((box) => (parent[box] < 0 ? -1 : place[parent[box]])),
      self: pick(this.self),
      total: pick(total),
      node,
      x0Min: 0,
      x1Max: right,
    };
  }
}

/**
 * The boxes sorted by row; within a row they are already in order.
 * @param {Int32Array} row
 * @param {number} count
 * @param {number} rows
 * @returns {Int32Array}
 */
function byRow(row, count, rows) {
  const next = new Int32Array(rows + 1);
  for (let box = 0; box < count; box++) next[row[box] + 1]++;
  for (let i = 1; i <= rows; i++) next[i] += next[i - 1];
  const order = new Int32Array(count);
  for (let box = 0; box < count; box++) order[next[row[box]]++] = box;
  return order;
}
