/**
 * A growing tree of functions whose children are found by function.
 *
 * Children are chained, the newest first: stacks come in preorder, so the one wanted is near and just touched, ten
 * times faster than a hash table of a million entries. Only nodes with many children are looked up in one.
 */

import { grown } from "./columns.js";

/** @import { Tree } from "./types.js" */

/** Longer chains are hashed. */
const CHAIN = 8;

export class Trie {
  /** @param {number} capacity nodes expected; it grows beyond */
  constructor(capacity) {
    const room = Math.max(capacity, 16);
    this.count = 0;
    this.fn = new Int32Array(room);
    this.parent = new Int32Array(room);
    /** The next older sibling + 1, 0 for none. */
    this.older = new Int32Array(room);
    /** The newest child + 1, 0 for none; place 0 is that of the roots, n + 1 that of node n. */
    this.newest = new Int32Array(room + 1);
    /** Children of nodes with many: node + 1, 0 is free; at most half full. */
    this.slots = new Int32Array(64);
    this.hashed = 0;
  }

  /**
   * The child of `parent` (-1: the roots) for a function; made where there is none.
   * @param {number} parent
   * @param {number} fn
   * @returns {number}
   */
  child(parent, fn) {
    let at = this.newest[parent + 1];
    let steps = 0;
    for (; at && steps < CHAIN; at = this.older[at - 1], steps++) if (this.fn[at - 1] === fn) return at - 1;
    if (!at) return this.add(parent, fn, steps === CHAIN);
    const known = this.slots[this.slot(parent, fn)];
    return known ? known - 1 : this.add(parent, fn, true);
  }

  /**
   * @param {number} parent
   * @param {number} fn
   * @param {boolean} many whether its siblings are hashed, or must be from now on
   * @returns {number}
   */
  add(parent, fn, many) {
    if (this.count === this.fn.length) this.grow();
    const node = this.count++;
    this.fn[node] = fn;
    this.parent[node] = parent;
    this.older[node] = this.newest[parent + 1];
    this.newest[parent + 1] = node + 1;
    if (many) this.enter(parent);
    return node;
  }

  grow() {
    this.fn = grown(this.fn, 0);
    this.parent = grown(this.parent, 0);
    this.older = grown(this.older, 0);
    this.newest = grown(this.newest, this.fn.length + 1);
  }

  /**
   * Hash the newest children of a node up to the first that is.
   * @param {number} parent
   */
  enter(parent) {
    for (let at = this.newest[parent + 1]; at; at = this.older[at - 1]) {
      const slot = this.slot(parent, this.fn[at - 1]);
      if (this.slots[slot]) return;
      this.slots[slot] = at;
      if (++this.hashed * 2 > this.slots.length) this.rehash();
    }
  }

  rehash() {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2);
    for (const at of old) if (at) this.slots[this.slot(this.parent[at - 1], this.fn[at - 1])] = at;
  }

  /**
   * Where a child stands in the table, or would stand.
   * @param {number} parent
   * @param {number} fn
   * @returns {number}
   */
  slot(parent, fn) {
    const { slots } = this;
    const mixed = Math.imul(parent + 1, 0x9e3779b1) ^ Math.imul(fn + 1, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & (slots.length - 1);
    for (let at = slots[slot]; at && (this.fn[at - 1] !== fn || this.parent[at - 1] !== parent); at = slots[slot]) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
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
    const [newest, older] = [this.newest.slice(0, this.count + 1), this.older.slice(0, this.count)];
    return { count: this.count, fn, parent, depth, newest, older, self, total, stackNode, weight };
  }
}
