import assert from "node:assert/strict";
import { test } from "node:test";
import { hit } from "../../openprofiling_ipy/widgets/js/hit.js";
import { heaviestFirst, leftHeavy } from "../../openprofiling_ipy/widgets/js/layout.js";
import { placesOf } from "../../openprofiling_ipy/widgets/js/places.js";
import { timeOrder } from "../../openprofiling_ipy/widgets/js/timeline.js";
import { buildTree } from "../../openprofiling_ipy/widgets/js/tree.js";
import { visible } from "../../openprofiling_ipy/widgets/js/visible.js";
import { stackSelf } from "../../openprofiling_ipy/widgets/js/weights.js";
import { generated, random, viewOf } from "./generate.js";
import { block, drawn, profileOf } from "./pictures.js";

/** @import { Boxes, Profile, Tree } from "../../openprofiling_ipy/widgets/js/types.js" */

/** @param {Profile} profile */
function treeOf(profile) {
  const self = stackSelf(profile, 0, new Uint8Array(profile.threads.length).fill(1));
  return buildTree(profile, self, { recursion: "keep", mine: false, places: placesOf(profile, viewOf(profile)) });
}

test("the heaviest stands left, ties by function, self at the right", () => {
  const profile = profileOf(`
    1   m c
    3   m b x
    1   m b y
    3   m d
    2   m
    1   n
  `);
  assert.equal(
    drawn(leftHeavy(treeOf(profile)), profile),
    block(`
      MmmmmmmmmmN
      BbbbDddC...
      XxxY.......
    `),
  );
});

/**
 * Boxes by plain recursion: [row, fn, x0, x1].
 * @param {Tree} tree
 */
function bruteBoxes(tree) {
  /** @type {number[][]} */
  const found = [];
  const place = (/** @type {number} */ above, /** @type {number} */ row, /** @type {number} */ x) => {
    const inner = [...tree.fn.keys()].filter((node) => tree.parent[node] === above);
    inner.sort((a, b) => tree.total[b] - tree.total[a] || tree.fn[a] - tree.fn[b]);
    for (const node of inner) {
      found.push([row, tree.fn[node], x, x + tree.total[node]]);
      place(node, row + 1, x);
      x += tree.total[node];
    }
  };
  place(-1, 0, 0);
  return found.sort((a, b) => a[0] - b[0] || a[2] - b[2]);
}

test("left heavy equals plain recursion", () => {
  for (let seed = 0; seed < 50; seed++) {
    const profile = generated(seed, { stacks: 10 + 3 * seed, samples: 200, functions: 12, depth: 5 });
    const tree = treeOf(profile);
    const boxes = leftHeavy(tree);
    const rows = Array.from(boxes.fn, (fn, box) => [boxes.row[box], fn, boxes.x0[box], boxes.x1[box]]);
    assert.deepEqual(rows, bruteBoxes(tree));
    assert.equal(boxes.x1Max, tree.weight);
    checkIndex(boxes);
  }
});

/**
 * Rows, parents, children and extents fit each other.
 * @param {Boxes} boxes
 */
function checkIndex(boxes) {
  assert.equal(boxes.rowStart[boxes.rows], boxes.count);
  for (let box = 0; box < boxes.count; box++) {
    const [row, above, child] = [boxes.row[box], boxes.parent[box], boxes.firstChild[box]];
    assert.ok(boxes.rowStart[row] <= box && box < boxes.rowStart[row + 1]);
    assert.ok(boxes.widest[row] >= boxes.x1[box] - boxes.x0[box] && boxes.x1[box] > boxes.x0[box]);
    if (box > boxes.rowStart[row]) assert.ok(boxes.x0[box] >= boxes.x1[box - 1]);
    if (above >= 0) assert.ok(boxes.row[above] === row - 1 && boxes.x0[above] <= boxes.x0[box] && boxes.x1[box] <= boxes.x1[above]);
    assert.equal(child, boxes.parent.indexOf(box));
  }
}

test("many siblings sort as the library sorts them", () => {
  const next = random(3);
  for (const count of [0, 1, 2, 11, 12, 13, 100, 1000, 4097]) {
    const total = Float64Array.from({ length: count }, () => Math.floor(next() * 20));
    const fn = Int32Array.from({ length: count }, (_, i) => (i * 7919) % 5003);
    const ids = Int32Array.from({ length: count }, (_, i) => i);
    const wanted = [...ids].sort((a, b) => total[b] - total[a] || fn[a] - fn[b]);
    heaviestFirst(ids, 0, count, total, fn, new Int32Array(count));
    assert.deepEqual([...ids], wanted);
  }
});

test("hit finds the box under every point", () => {
  for (let seed = 0; seed < 20; seed++) {
    const profile = generated(seed, { stacks: 80, samples: 100, functions: 9, depth: 5 });
    const tree = treeOf(profile);
    const next = random(seed);
    for (const boxes of [leftHeavy(tree), timeOrder(profile, tree, new Uint8Array(1).fill(1), 0)]) {
      for (let i = 0; i < 200; i++) {
        const x = next() < 0.3 ? boxes.x0[Math.floor(next() * boxes.count)] : (next() * 1.2 - 0.1) * boxes.x1Max;
        const row = Math.floor(next() * (boxes.rows + 2)) - 1;
        const wanted = [...boxes.fn.keys()].find((b) => boxes.row[b] === row && boxes.x0[b] <= x && x < boxes.x1[b]) ?? -1;
        assert.equal(hit(boxes, x, row), wanted);
      }
    }
  }
});

/**
 * @param {Boxes} boxes
 * @param {{x0: number, x1: number, row0: number, row1: number}} view
 */
function inView(boxes, view) {
  return [...boxes.fn.keys()].filter((box) => {
    const row = boxes.row[box];
    return row >= Math.floor(view.row0) && row < Math.ceil(view.row1) && boxes.x0[box] < view.x1 && boxes.x1[box] > view.x0;
  });
}

test("visible is exactly what is in view and wide enough; in time order no wide one is missed", () => {
  for (let seed = 0; seed < 60; seed++) {
    const profile = generated(seed, { stacks: 300, samples: 400, functions: 15, depth: 6, threads: 1 + (seed % 3) });
    const tree = treeOf(profile);
    const next = random(seed + 1000);
    const lanes = new Uint8Array(profile.threads.length).fill(1);
    for (const boxes of [leftHeavy(tree), timeOrder(profile, tree, lanes, 0)]) {
      for (let i = 0; i < 25; i++) {
        const x0 = next() * boxes.x1Max;
        const row0 = next() * boxes.rows;
        const view = { x0, x1: x0 + next() ** 3 * boxes.x1Max, row0, row1: row0 + next() * boxes.rows };
        const smallest = i ? next() ** 4 * boxes.x1Max * 0.1 : 1e6;
        const wide = (/** @type {number} */ box) => boxes.x1[box] - boxes.x0[box] >= smallest;
        const inside = inView(boxes, view);
        const found = [...visible(boxes, view, smallest, new Int32Array(1))];
        assert.deepEqual(found.filter(wide), inside.filter(wide));
        if (boxes.heaviestFirst) assert.ok(found.every(wide));
        assert.deepEqual(found, inside.filter((box) => found.includes(box)));
        const most = inside.filter(wide).length + (boxes.rows + 1) * ((view.x1 - view.x0) / smallest + 2);
        assert.ok(found.length <= most);
      }
    }
  }
});

test("in time order no busy cell of the first row stays blank", () => {
  const profile = generated(5, { stacks: 400, samples: 4000, functions: 9, depth: 4 });
  const boxes = timeOrder(profile, treeOf(profile), new Uint8Array(1).fill(1), 0);
  const smallest = boxes.x1Max / 50;
  const found = visible(boxes, { x0: 0, x1: boxes.x1Max, row0: 0, row1: 1 }, smallest);
  assert.ok(boxes.rowStart[1] > 300);
  for (let cell = 0; cell < 50; cell++) {
    assert.ok(found.some((box) => boxes.x0[box] < (cell + 1) * smallest && boxes.x1[box] > cell * smallest), `${cell}`);
  }
});

test("3,000 frames deep: laid out, seen and hit", () => {
  const profile = profileOf(`t=5 5 ${Array.from({ length: 3000 }, (_, i) => `f${i % 7}`).join(" ")}`);
  const tree = treeOf(profile);
  for (const boxes of [leftHeavy(tree), timeOrder(profile, tree, Uint8Array.of(1), 0)]) {
    assert.equal(boxes.rows, 3000);
    assert.deepEqual([...visible(boxes, { x0: 0, x1: 5, row0: 2990.5, row1: 4000 }, 1)], [2990, 2991, 2992, 2993, 2994, 2995, 2996, 2997, 2998, 2999]);
    assert.equal(hit(boxes, 4, 2999), 2999);
    checkIndex(boxes);
  }
});

test("nothing to lay out", () => {
  const boxes = leftHeavy(treeOf(profileOf("3 -")));
  assert.deepEqual([boxes.count, boxes.rows, boxes.x1Max], [0, 0, 0]);
  assert.equal(visible(boxes, { x0: 0, x1: 1, row0: 0, row1: 9 }, 1).length, 0);
  assert.equal(hit(boxes, 0, 0), -1);
});
