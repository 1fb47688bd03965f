/** The display tree: stacks folded to functions, and the trees of callers and callees of one function. */

import { grown } from "./columns.js";
import { absorbed } from "./places.js";
import { Trie } from "./trie.js";
import { stackTotal } from "./weights.js";

/** @import { Folding, Profile, Tree } from "./types.js" */

/**
 * Fold the stacks that have weight into a tree of functions; the lines of a function are merged.
 * @param {Profile} profile
 * @param {Float64Array} selfWeights [N] from `stackSelf`
 * @param {Folding} folding
 * @returns {Tree}
 */
export function buildTree(profile, selfWeights, { recursion, mine, places }) {
  const { parent, frame } = profile.stacks;
  const whole = stackTotal(profile.stacks, selfWeights);
  const stackNode = new Int32Array(parent.length).fill(-1);
  const trie = new Trie(parent.length);
  for (let i = 0; i < parent.length; i++) {
    if (whole[i] === 0) continue;
    const fn = profile.frames.fn[frame[i]];
    const above = parent[i] < 0 ? -1 : stackNode[parent[i]];
    if (above >= 0 && mine && absorbed(places, fn, trie.fn[above])) stackNode[i] = above;
    else stackNode[i] = recursion === "keep" ? trie.child(above, fn) : folded(trie, above, fn, recursion === "fold");
  }
  const self = new Float64Array(trie.count);
  for (let i = 0; i < parent.length; i++) if (stackNode[i] >= 0) self[stackNode[i]] += selfWeights[i];
  const total = stackTotal(trie, self);
  return recursion === "fold" ? pruned(trie, self, total, stackNode) : trie.tree(self, total, stackNode);
}

/**
 * The tree without nodes that have no weight: where `a b a` folds back to `a`, nothing remains of `b`.
 * @param {Trie} trie
 * @param {Float64Array} self
 * @param {Float64Array} total
 * @param {Int32Array} stackNode
 * @returns {Tree}
 */
function pruned(trie, self, total, stackNode) {
  const kept = new Trie(trie.count);
  const moved = new Int32Array(trie.count).fill(-1);
  for (let node = 0; node < trie.count; node++) {
    if (total[node] === 0) continue;
    const above = trie.parent[node];
    const to = (moved[node] = kept.child(above < 0 ? -1 : moved[above], trie.fn[node]));
    self[to] = self[node];
    total[to] = total[node];
  }
  for (let i = 0; i < stackNode.length; i++) if (stackNode[i] >= 0) stackNode[i] = moved[stackNode[i]];
  return kept.tree(self.slice(0, kept.count), total.slice(0, kept.count), stackNode);
}

/**
 * The node of a function below `above`, recursion folded.
 * @param {Trie} trie
 * @param {number} above
 * @param {number} fn
 * @param {boolean} whole look at the whole path, not only at the last node
 * @returns {number}
 */
function folded(trie, above, fn, whole) {
  for (let node = above; node >= 0; node = whole ? trie.parent[node] : -1) if (trie.fn[node] === fn) return node;
  return trie.child(above, fn);
}

/**
 * What `fn` called: one root, the outermost occurrences of `fn` laid over each other.
 * @param {Tree} tree
 * @param {number} fn
 * @returns {Tree}
 */
export function focusFrom(tree, fn) {
  const trie = new Trie(64);
  const moved = new Int32Array(tree.count).fill(-1);
  for (let node = 0; node < tree.count; node++) {
    const above = tree.parent[node] < 0 ? -1 : moved[tree.parent[node]];
    if (above >= 0 || tree.fn[node] === fn) moved[node] = trie.child(above, tree.fn[node]);
  }
  const self = new Float64Array(trie.count);
  for (let node = 0; node < tree.count; node++) if (moved[node] >= 0) self[moved[node]] += tree.self[node];
  return trie.tree(self, stackTotal(trie, self), new Int32Array(0));
}

/**
 * Who called `fn`: one root, its callers above it, theirs above them, with the weight of those calls. Only outermost
 * occurrences count, so the root's total is the function's. Self is what began at a caller.
 * @param {Tree} tree
 * @param {number} fn
 * @param {number} [smallest] callers with less total are not followed further up
 * @returns {Tree}
 */
export function invertFrom(tree, fn, smallest = 0) {
  const trie = new Trie(64);
  let at = outermost(tree, fn);
  const weight = at.map((node) => tree.total[node]);
  /** The inverted node each occurrence has reached. */
  let reached = at.map(() => trie.child(-1, fn));
  let total = new Float64Array(16);
  let self = new Float64Array(16);
  let alive = at.map((_, i) => i);
  while (alive.length) {
    if (total.length < trie.count) [total, self] = [grown(total, trie.count), grown(self, trie.count)];
    for (const i of alive) total[reached[i]] += weight[i];
    alive = alive.filter((i) => {
      if (total[reached[i]] < smallest) return false;
      at[i] = tree.parent[at[i]];
      if (at[i] < 0) self[reached[i]] += weight[i];
      else reached[i] = trie.child(reached[i], tree.fn[at[i]]);
      return at[i] >= 0;
    });
  }
  return trie.tree(self.slice(0, trie.count), total.slice(0, trie.count), new Int32Array(0));
}

/**
 * The nodes of a function that have none of it above them.
 * @param {Tree} tree
 * @param {number} fn
 * @returns {number[]}
 */
function outermost(tree, fn) {
  const inside = new Uint8Array(tree.count);
  const found = [];
  for (let node = 0; node < tree.count; node++) {
    if (tree.parent[node] >= 0 && inside[tree.parent[node]]) inside[node] = 1;
    else if (tree.fn[node] === fn) {
      inside[node] = 1;
      found.push(node);
    }
  }
  return found;
}
