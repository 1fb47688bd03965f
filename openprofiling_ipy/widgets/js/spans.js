/** Samples → spans of time: what each lane did from when to when, before it becomes boxes. */

import { valueIndex } from "./weights.js";

/** @import { Profile, Tree } from "./types.js" */

/** Beyond so many boxes a picture takes seconds and gigabytes; neighbours are joined instead. */
const MOST_BOXES = 2_000_000;

/**
 * @typedef {object} Band one lane's spans, in order and apart
 * @property {number} thread
 * @property {number} count
 * @property {Int32Array} leaf nodes of the tree
 * @property {Float64Array} start
 * @property {Float64Array} end
 * @property {Float64Array} weight
 * @property {number} total of all samples, those not drawn included
 * @property {number} hidden
 * @property {number} joined
 */

/** @param {Profile} profile */
export function hasClock(profile) {
  return profile.samples.time !== null && valueIndex(profile, "wall") >= 0;
}

/**
 * The spans of every lane that has weight, the user's lanes first.
 * @param {Profile} profile
 * @param {Tree} tree from `buildTree` for the same lanes and value
 * @param {Uint8Array} lanes
 * @param {number} value
 * @param {number} [most] boxes
 * @returns {Band[]}
 */
export function bands(profile, tree, lanes, value, most = MOST_BOXES) {
  const { stack, thread, values } = profile.samples;
  const counts = new Int32Array(profile.threads.length);
  const drawn = (/** @type {number} */ i) => stack[i] >= 0 && lanes[thread[i]] === 1 && values[value][i] > 0;
  for (let i = 0; i < stack.length; i++) if (drawn(i)) counts[thread[i]]++;
  const list = Array.from(counts, (count, lane) => emptyBand(lane, count));
  const add = hasClock(profile) ? clockAdder(profile) : weightAdder();
  for (let i = 0; i < stack.length; i++) {
    if (drawn(i)) add(list[thread[i]], tree.stackNode[stack[i]], values[value][i], i);
  }
  const home = (/** @type {Band} */ band) => (profile.threads[band.thread].home ? 0 : 1);
  const shown = list.filter((band) => band.count).sort((a, b) => home(a) - home(b) || a.thread - b.thread);
  return fitted(shown, tree, most);
}

/**
 * @param {number} thread
 * @param {number} room
 * @returns {Band}
 */
function emptyBand(thread, room) {
  const [start, end, weight] = [0, 0, 0].map(() => new Float64Array(room));
  return { thread, count: 0, leaf: new Int32Array(room), start, end, weight, total: 0, hidden: 0, joined: 0 };
}

/**
 * @param {Band} band
 * @param {number} leaf
 * @param {number} start
 * @param {number} end
 * @param {number} weight
 */
function append(band, leaf, start, end, weight) {
  const i = band.count++;
  band.leaf[i] = leaf;
  band.start[i] = start;
  band.end[i] = end;
  band.weight[i] = weight;
}

/**
 * A sample covers [time - wall, time]. Tasks of one name share a lane and may wait at once: what is covered already is
 * not drawn twice.
 * @param {Profile} profile
 * @returns {(band: Band, leaf: number, weight: number, sample: number) => void}
 */
function clockAdder(profile) {
  const time = /** @type {Float64Array} */ (profile.samples.time);
  const wall = profile.samples.values[valueIndex(profile, "wall")];
  const free = new Float64Array(profile.threads.length).fill(-Infinity);
  return (band, leaf, weight, i) => {
    band.total += weight;
    const start = Math.max(time[i] - wall[i], free[band.thread]);
    free[band.thread] = time[i];
    if (time[i] > start) append(band, leaf, start, time[i], weight);
    else band.hidden++;
  };
}

/** @returns {(band: Band, leaf: number, weight: number) => void} */
function weightAdder() {
  return (band, leaf, weight) => {
    append(band, leaf, band.total, band.total + weight, weight);
    band.total += weight;
  };
}

/**
 * The bands as they are, or with neighbours joined where they would make more than `most` boxes.
 * @param {Band[]} list
 * @param {Tree} tree
 * @param {number} most
 * @returns {Band[]}
 */
function fitted(list, tree, most) {
  let [boxes, frames, spans, from, to] = [0, 0, 0, Infinity, -Infinity];
  for (const { leaf, start, end, count } of list) {
    for (let i = 0; i < count; i++) {
      boxes += opened(tree, i && start[i] === end[i - 1] ? leaf[i - 1] : -1, leaf[i]);
      frames += tree.depth[leaf[i]] + 1;
    }
    spans += count;
    from = Math.min(from, start[0]);
    to = Math.max(to, end[count - 1]);
  }
  if (boxes <= most) return list;
  // As if nothing were shared: neighbours of a cell's width share little.
  const cells = Math.max(Math.floor((most * spans) / frames / list.length) - 1, 1);
  return list.map((band) => joined(band, (to - from) / cells));
}

/**
 * How many nodes of the path to `next` are not on the path to `last`.
 * @param {Tree} tree
 * @param {number} last -1 for none
 * @param {number} next
 * @returns {number}
 */
function opened({ depth, parent }, last, next) {
  const deepest = depth[next];
  while (last !== next && next >= 0) {
    if (last >= 0 && depth[last] > depth[next]) last = parent[last];
    else if (last >= 0 && depth[last] === depth[next]) [last, next] = [parent[last], parent[next]];
    else next = parent[next];
  }
  return deepest - (next < 0 ? -1 : depth[next]);
}

/**
 * At most about one span a cell: the heaviest stands for all that end in it, with their weight. Gaps smaller than a
 * cell close.
 * @param {Band} band
 * @param {number} cell width
 * @returns {Band}
 */
function joined(band, cell) {
  const result = { ...emptyBand(band.thread, band.count), total: band.total, hidden: band.hidden };
  let last = NaN;
  let heaviest = 0;
  for (let i = 0; i < band.count; i++) {
    const at = Math.floor(band.end[i] / cell);
    if (at !== last) {
      append(result, band.leaf[i], band.start[i], band.end[i], band.weight[i]);
      heaviest = band.weight[i];
      last = at;
      continue;
    }
    const into = result.count - 1;
    result.joined++;
    result.end[into] = band.end[i];
    result.weight[into] += band.weight[i];
    if (band.weight[i] > heaviest) {
      heaviest = band.weight[i];
      result.leaf[into] = band.leaf[i];
    }
  }
  return result;
}
