import assert from "node:assert/strict";
import { test } from "node:test";
import { placesOf } from "../../openprofiling_ipy/widgets/js/places.js";
import { buildTree, focusFrom, invertFrom } from "../../openprofiling_ipy/widgets/js/tree.js";
import { defaultLanes, functionWeights, stackSelf } from "../../openprofiling_ipy/widgets/js/weights.js";
import { generated, random, viewOf } from "./generate.js";
import { paths, profileOf } from "./pictures.js";

/** @import { Profile, Recursion } from "../../openprofiling_ipy/widgets/js/types.js" */

const NOWHERE = { places: [], file_place: {} };

/**
 * @param {Profile} profile
 * @param {Recursion} [recursion]
 * @param {boolean} [mine]
 */
function treeOf(profile, recursion = "keep", mine = false, view = viewOf(profile)) {
  const self = stackSelf(profile, 0, new Uint8Array(profile.threads.length).fill(1));
  return buildTree(profile, self, { recursion, mine, places: placesOf(profile, view) });
}

test("the lines of a function are one node", () => {
  const profile = profileOf(`
    3   main:1 a:5
    2   main:2 a:6 b:1
    4   -
  `);
  assert.deepEqual(paths(treeOf(profile, "keep", false, NOWHERE), profile), {
    main: [0, 5],
    "main a": [3, 5],
    "main a b": [2, 2],
  });
});

test("stacks without weight have no node", () => {
  const profile = profileOf(`
    cpu:ns wall:ns
    0 9   main idle
    1 1   main busy
  `);
  const tree = treeOf(profile, "keep", false, NOWHERE);
  assert.deepEqual(paths(tree, profile), { main: [0, 1], "main busy": [1, 1] });
  assert.deepEqual([...tree.stackNode], [0, -1, 1]);
});

test("recursion: kept, collapsed and folded", () => {
  const profile = profileOf(`
    1   f f g f h
    2   f g g
  `);
  assert.deepEqual(paths(treeOf(profile, "collapse", false, NOWHERE), profile), {
    f: [0, 3],
    "f g": [2, 3],
    "f g f": [0, 1],
    "f g f h": [1, 1],
  });
  assert.deepEqual(paths(treeOf(profile, "fold", false, NOWHERE), profile), {
    f: [0, 3],
    "f g": [2, 2],
    "f h": [1, 1],
  });
});

test("my code: one frame for each package entered, callbacks below it", () => {
  const profile = profileOf(`
    1   In[1]|cell pandas/frame.py|merge pandas/frame.py|inner numpy/core.py|dot
    2   In[1]|cell pandas/frame.py|merge pandas/frame.py|apply In[1]|mine pandas/frame.py|inner
  `);
  assert.deepEqual(paths(treeOf(profile, "keep", true), profile), {
    cell: [0, 3],
    "cell merge": [0, 3],
    "cell merge dot": [1, 1],
    "cell merge mine": [0, 2],
    "cell merge mine inner": [2, 2],
  });
});

test("my code: the standard library below a package is part of it, below the user's own code it is not", () => {
  const profile = profileOf(`
    1   In[1]|cell pandas/frame.py|merge json/decoder.py|decode pandas/frame.py|inner json/decoder.py|scan
    2   In[1]|cell json/decoder.py|decode json/decoder.py|scan numpy/core.py|dot
  `);
  assert.deepEqual(paths(treeOf(profile, "keep", true), profile), {
    cell: [0, 3],
    "cell merge": [1, 1],
    "cell decode": [0, 2],
    "cell decode dot": [2, 2],
  });
});

/**
 * What a tree must be, path by path.
 * @param {Profile} profile
 * @param {Recursion} recursion
 * @param {boolean} mine
 */
function bruteTree(profile, recursion, mine) {
  const self = stackSelf(profile, 0, new Uint8Array(profile.threads.length).fill(1));
  const { group, of, list } = placesOf(profile, viewOf(profile));
  const joins = (/** @type {number} */ fn, /** @type {number} */ above) => {
    const helps = list[of[fn]].kind === "stdlib" && list[of[above]].kind === "package";
    return helps || (group[fn] >= 0 && group[fn] === group[above]);
  };
  /** @type {Record<string, [number, number]>} */
  const found = {};
  self.forEach((weight, leaf) => {
    if (!weight) return;
    const stack = [];
    for (let at = leaf; at >= 0; at = profile.stacks.parent[at]) stack.unshift(profile.frames.fn[profile.stacks.frame[at]]);
    /** @type {number[]} */
    const path = [];
    /** @type {Set<string>} */
    const seen = new Set();
    for (const fn of stack) {
      const last = path[path.length - 1];
      const known = recursion === "fold" ? path.indexOf(fn) : recursion === "collapse" && last === fn ? path.length - 1 : -1;
      if (mine && path.length && joins(fn, last)) continue;
      if (known >= 0) path.length = known + 1;
      else path.push(fn);
    }
    path.forEach((_, i) => seen.add(path.slice(0, i + 1).map((fn) => `f${fn}`).join(" ")));
    for (const prefix of seen) (found[prefix] ??= [0, 0])[1] += weight;
    found[path.map((fn) => `f${fn}`).join(" ")][0] += weight;
  });
  return found;
}

test("trees equal brute force", () => {
  for (let seed = 0; seed < 60; seed++) {
    const profile = generated(seed, { stacks: 5 + seed * 2, samples: 80, functions: 3 + (seed % 9), depth: 1 + (seed % 7) });
    for (const recursion of /** @type {Recursion[]} */ (["keep", "collapse", "fold"])) {
      for (const mine of [false, true]) {
        const tree = treeOf(profile, recursion, mine);
        assert.deepEqual(paths(tree, profile), bruteTree(profile, recursion, mine), `seed ${seed} ${recursion} ${mine}`);
        tree.parent.forEach((above, node) => assert.ok(above < node));
      }
    }
  }
});

test("callers and callees: the root weighs what the function does, recursion once", () => {
  const profile = profileOf(`
    1   main a f f g
    2   main b f
    4   main b
    8   f g f
  `);
  const tree = treeOf(profile, "keep", false, NOWHERE);
  const f = profile.strings.indexOf("f");
  const fn = profile.functions.name.indexOf(f);
  assert.deepEqual(paths(focusFrom(tree, fn), profile), {
    f: [2, 11],
    "f f": [0, 1],
    "f f g": [1, 1],
    "f g": [0, 8],
    "f g f": [8, 8],
  });
  assert.deepEqual(paths(invertFrom(tree, fn), profile), {
    f: [8, 11],
    "f a": [0, 1],
    "f a main": [1, 1],
    "f b": [0, 2],
    "f b main": [2, 2],
  });
});

test("callers and callees of every function equal brute force", () => {
  for (let seed = 0; seed < 40; seed++) {
    const profile = generated(seed, { stacks: 60, samples: 90, functions: 6, depth: 6 });
    const tree = treeOf(profile);
    const { total } = functionWeights(profile, 0, new Uint8Array(1).fill(1));
    total.forEach((weight, fn) => {
      const [callees, callers] = [focusFrom(tree, fn), invertFrom(tree, fn)];
      assert.equal(callees.weight, weight);
      assert.equal(callers.weight, weight);
      assert.equal(callees.self.reduce((a, b) => a + b, 0), weight);
      assert.equal(callers.self.reduce((a, b) => a + b, 0), weight);
      assert.deepEqual(paths(callers, profile), bruteCallers(tree, fn));
    });
  }
});

/**
 * @param {import("../../openprofiling_ipy/widgets/js/types.js").Tree} tree
 * @param {number} fn
 */
function bruteCallers(tree, fn) {
  /** @type {Record<string, [number, number]>} */
  const found = {};
  for (let node = 0; node < tree.count; node++) {
    const path = /** @type {number[]} */ ([]);
    for (let at = node; at >= 0; at = tree.parent[at]) path.push(tree.fn[at]);
    if (path[0] !== fn || path.lastIndexOf(fn) > 0) continue;
    path.forEach((_, i) => {
      const text = path.slice(0, i + 1).map((one) => `f${one}`).join(" ");
      found[text] ??= [0, 0];
      found[text][1] += tree.total[node];
      if (i === path.length - 1) found[text][0] += tree.total[node];
    });
  }
  return found;
}

test("callers too light are not followed, and lose nothing", () => {
  const profile = profileOf(`
    1   p q f
    9   p r f
  `);
  const fn = profile.functions.name.indexOf(profile.strings.indexOf("f"));
  assert.deepEqual(paths(invertFrom(treeOf(profile, "keep", false, NOWHERE), fn, 5), profile), {
    f: [0, 10],
    "f q": [0, 1],
    "f r": [0, 9],
    "f r p": [9, 9],
  });
});

test("3,000 frames deep, in every mode", () => {
  const names = Array.from({ length: 3000 }, (_, i) => `f${i % 7}`).join(" ");
  const profile = profileOf(`5 ${names}`);
  const fn = 3;
  const tree = treeOf(profile, "keep", false, NOWHERE);
  assert.equal(tree.count, 3000);
  assert.equal(tree.depth[2999], 2999);
  // The last, unfinished round is what remains of 428.
  assert.equal(treeOf(profile, "fold", false, NOWHERE).count, 4);
  assert.equal(focusFrom(tree, fn).count, 2997);
  assert.equal(invertFrom(tree, fn).count, 4);
});

test("the generator repeats itself and random numbers spread", () => {
  const shape = { stacks: 50, samples: 20, functions: 5, depth: 4 };
  assert.deepEqual(generated(7, shape), generated(7, shape));
  const next = random(1);
  const mean = Array.from({ length: 1000 }, next).reduce((a, b) => a + b) / 1000;
  assert.ok(mean > 0.45 && mean < 0.55);
  assert.equal(defaultLanes(generated(7, shape), 0)[0], 1);
});
