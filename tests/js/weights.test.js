import assert from "node:assert/strict";
import { test } from "node:test";
import { files, hotLines, lineNodes, lineWeights, nodeLines } from "../../openprofiling_ipy/widgets/js/lines.js";
import { placesOf } from "../../openprofiling_ipy/widgets/js/places.js";
import { tableRows } from "../../openprofiling_ipy/widgets/js/rows.js";
import { buildTree } from "../../openprofiling_ipy/widgets/js/tree.js";
import {
  defaultLanes,
  documentTotal,
  functionWeights,
  laneTotals,
  stackSelf,
  stackTotal,
  treeWeights,
  valueIndex,
} from "../../openprofiling_ipy/widgets/js/weights.js";
import { generated, viewOf } from "./generate.js";
import { profileOf } from "./pictures.js";

/** @import { Profile } from "../../openprofiling_ipy/widgets/js/types.js" */

const LANES = profileOf(`
  cpu:ns wall:ns
  @MainThread
  3 5   In[1]|main:1 In[1]|a:5{f(x)}
  2 2   In[1]|main:1 In[1]|a:5{g(y)}
  1 4   -
  ~@worker
  7 9   w
`);

test("lanes: wall is the user's, every other value is everybody's", () => {
  assert.deepEqual([valueIndex(LANES, "wall"), valueIndex(LANES, "heap")], [1, -1]);
  assert.deepEqual([...defaultLanes(LANES, 0)], [1, 1]);
  assert.deepEqual([...defaultLanes(LANES, 1)], [1, 0]);
  assert.deepEqual([...defaultLanes(profileOf("wall:ns\n ~@away\n 1 a"), 0)], [1]);
  assert.deepEqual([...laneTotals(LANES, 1)], [11, 9]);
});

test("the document's total counts empty stacks, and the lanes asked for", () => {
  assert.equal(documentTotal(LANES, 0), 13);
  assert.equal(documentTotal(LANES, 1), 11);
  assert.equal(documentTotal(LANES, 1, Uint8Array.of(0, 1)), 9);
});

test("self belongs to leaves, total to all above", () => {
  const self = stackSelf(LANES, 0, Uint8Array.of(1, 0));
  assert.deepEqual([...self], [0, 3, 2, 0]);
  assert.deepEqual([...stackTotal(LANES.stacks, self)], [5, 3, 2, 0]);
});

/**
 * For every sample, each key on its stack once.
 * @param {Profile} profile
 * @param {(frame: number) => unknown} key
 */
function brute(profile, key) {
  const found = new Map();
  profile.samples.stack.forEach((leaf, i) => {
    const weight = profile.samples.values[0][i];
    const seen = new Set();
    for (let at = leaf; at >= 0; at = profile.stacks.parent[at]) {
      const one = key(profile.stacks.frame[at]);
      if (one === undefined) continue;
      const sums = found.get(one) ?? { self: 0, total: 0 };
      found.set(one, sums);
      if (at === leaf) sums.self += weight;
      if (!seen.has(one)) sums.total += weight;
      seen.add(one);
    }
  });
  return found;
}

test("functions and lines equal brute force", () => {
  for (let seed = 0; seed < 40; seed++) {
    const profile = generated(seed, { stacks: 90, samples: 150, functions: 7, depth: 6 });
    const lanes = Uint8Array.of(1);
    const byFunction = brute(profile, (frame) => profile.frames.fn[frame]);
    const { self, total } = functionWeights(profile, 0, lanes);
    total.forEach((weight, fn) => assert.deepEqual({ self: self[fn], total: weight }, byFunction.get(fn) ?? { self: 0, total: 0 }));
    const file = "pandas/frame.py";
    const byLine = brute(profile, (frame) => {
      const fn = profile.frames.fn[frame];
      return profile.strings[profile.functions.file[fn]] === file ? profile.frames.line[frame] : undefined;
    });
    const lines = lineWeights(profile, file, 0, lanes);
    const wanted = [...byLine].filter(([, sums]) => sums.total).sort((a, b) => a[0] - b[0]);
    assert.deepEqual(Array.from(lines.line, (line, i) => [line, { self: lines.self[i], total: lines.total[i] }]), wanted);
    const byFile = brute(profile, (frame) => profile.functions.file[profile.frames.fn[frame]]);
    for (const { file: name, total: weight } of files(profile, 0, lanes)) {
      assert.equal(weight, byFile.get(profile.strings.indexOf(name)).total);
    }
  }
});

test("lines know what was evaluated on them, files their sources", () => {
  const lanes = Uint8Array.of(1, 1);
  const self = stackSelf(LANES, 0, lanes);
  assert.deepEqual([...hotLines(LANES, "In[1]", self)], [[5, [{ text: "f(x)", self: 3 }, { text: "g(y)", self: 2 }]]]);
  assert.equal(hotLines(LANES, "other.py", self).size, 0);
  const twice = profileOf("1 In[1]|a:5{f(x)}\n 1 In[1]|b:5{g(y)}\n 1 In[1]|c:5{f(x)}");
  assert.deepEqual(hotLines(twice, "In[1]", stackSelf(twice, 0, lanes)).get(5), [{ text: "f(x)", self: 2 }, { text: "g(y)", self: 1 }]);
  const profile = { ...LANES, sources: { "In[1]": "x" } };
  assert.deepEqual(files(profile, 0, lanes), [{ file: "In[1]", total: 5, source: true }]);
  assert.equal(lineWeights(profile, "nowhere.py", 0, lanes).line.length, 0);
});

test("unknown positions stand under line 0", () => {
  const lines = lineWeights(profileOf("2 In[1]|a In[1]|b:3"), "In[1]", 0, Uint8Array.of(1));
  assert.deepEqual([[...lines.line], [...lines.self], [...lines.total]], [[0, 3], [0, 2], [2, 2]]);
});

test("a node knows the lines it runs: what was evaluated there, else their source", () => {
  const profile = profileOf("4 In[1]|main:1 In[1]|a:5{f(x)}\n 1 In[1]|main:2 In[1]|a:5{g(y)}\n 2 In[1]|main:2", {
    sources: { "In[1]": "one\n  two()" },
  });
  const self = stackSelf(profile, 0, Uint8Array.of(1));
  const places = placesOf(profile, { places: [], file_place: {} });
  const tree = buildTree(profile, self, { recursion: "keep", mine: false, places });
  const totals = stackTotal(profile.stacks, self);
  assert.deepEqual([...lineNodes(profile, tree, "In[1]", 5)], [0, 1]);
  assert.deepEqual(nodeLines(profile, tree, 1, totals), [{ line: 5, total: 5, text: "f(x)" }]);
  assert.deepEqual(nodeLines(profile, tree, 0, totals), [
    { line: 1, total: 4, text: "one" },
    { line: 2, total: 3, text: "two()" },
  ]);
});

test("functions in a folded tree equal brute force, and unfolded those of the profile", () => {
  for (let seed = 0; seed < 40; seed++) {
    const profile = generated(seed, { stacks: 90, samples: 150, functions: 9, depth: 6 });
    const lanes = Uint8Array.of(1);
    const self = stackSelf(profile, 0, lanes);
    const places = placesOf(profile, viewOf(profile));
    const plain = buildTree(profile, self, { recursion: "keep", mine: false, places });
    assert.deepEqual(treeWeights(plain, 9), functionWeights(profile, 0, lanes));
    const tree = buildTree(profile, self, { recursion: "keep", mine: true, places });
    const wanted = { self: new Float64Array(9), total: new Float64Array(9) };
    tree.fn.forEach((fn, node) => {
      wanted.self[fn] += tree.self[node];
      let above = tree.parent[node];
      while (above >= 0 && tree.fn[above] !== fn) above = tree.parent[above];
      if (above < 0) wanted.total[fn] += tree.total[node];
    });
    assert.deepEqual(treeWeights(tree, 9), wanted);
  }
});

test("table rows: by self, total or name, either way, ties the same every time", () => {
  const weights = { self: Float64Array.of(5, 0, 5, 0, 1), total: Float64Array.of(5, 9, 7, 0, 7) };
  const names = ["b", "a", "b", "z", "c"];
  const rows = (/** @type {"self" | "total" | "name"} */ by, /** @type {boolean} */ descending, filter = null) => [
    ...tableRows(weights, names, { by, descending }, filter),
  ];
  assert.deepEqual(rows("self", true), [2, 0, 4, 1]);
  assert.deepEqual(rows("total", true), [1, 2, 4, 0]);
  assert.deepEqual(rows("total", false), [0, 4, 2, 1]);
  assert.deepEqual(rows("name", false), [1, 2, 0, 4]);
  assert.deepEqual(rows("name", true), [4, 2, 0, 1]);
  assert.deepEqual([...tableRows(weights, names, { by: "self", descending: true }, Uint8Array.of(1, 1, 0, 1, 0))], [0, 1]);
});

test("places: own code has no group, every package one", () => {
  const profile = generated(1, { stacks: 9, samples: 9, functions: 8, depth: 3 });
  const { group, of, list } = placesOf(profile, viewOf(profile));
  assert.deepEqual([...group], [-1, 0, 1, 2, -1, 0, 1, 2]);
  assert.equal(list[of[1]].package, "pandas");
});
