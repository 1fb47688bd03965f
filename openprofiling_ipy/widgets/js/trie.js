/** A growing tree of functions: children are found by (parent, function) in an open-addressed hash table. */

import { grown } from "./columns.js";

/** @import { Tree } from "./types.js" */

export class Trie {
  /** @param {number} capacity nodes expected; it grows beyond */
  constructor(capacity) {
    this.count = 0;
    this.fn = new Int32Array(Math.max(capacity, 16));
    this.parent = new Int32Array(this.fn.length);
    /** Node + 1, 0 is free; at most half full. */
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * this.fn.length)));
  }

  /**
   * The child of `parent` (-1: the roots) for a function; made where there is none.
   * @param {number} parent
   * @param {number} fn
   * @returns {number}
   */
  child(parent, fn) {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = hash(parent, fn) & mask;
    for (;;) {
      const node = slots[slot] - 1;
      if (node < 0) break;
      if (this.fn[node] === fn && this.parent[node] === parent) return node;
      slot = (slot + 1) & mask;
    }
    if (this.count === this.fn.length) {
      this.grow();
      return this.child(parent, fn);
    }
    const node = this.count++;
    this.fn[node] = fn;
    this.parent[node] = parent;
    slots[slot] = node + 1;
    return node;
  }

  grow() {
    this.fn = grown(this.fn, 0);
    this.parent = grown(this.parent, 0);
    this.slots = new Int32Array(this.slots.length * 2);
    const mask = this.slots.length - 1;
    for (let node = 0; node < this.count; node++) {
      let slot = hash(this.parent[node], this.fn[node]) & mask;
      while (this.slots[slot]) slot = (slot + 1) & mask;
      this.slots[slot] = node + 1;
    }
  }

  /**
   * The finished tree.
   * @param {Float64Array} self [count]
   * @param {Float64Array} total [count]
   * @param {Int32Array} stackNode
   * @returns {Tree}
   */
  tree(self, total, stackNode) {
    const fn = this.fn.slice(0, this.count);
    const parent = this.parent.slice(0, this.count);
    const depth = new Int32Array(this.count);
    let weight = 0;
    for (let node = 0; node < this.count; node++) {
      if (parent[node] < 0) weight += total[node];
      else depth[node] = depth[parent[node]] + 1;
    }
    return { count: this.count, fn, parent, depth, self, total, stackNode, weight };
  }
}

/**
 * @param {number} parent
 * @param {number} fn
 * @returns {number}
 */
function hash(parent, fn) {
  const mixed = Math.imul(parent + 1, 0x9e3779b1) ^ Math.imul(fn + 1, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
