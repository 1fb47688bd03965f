import assert from "node:assert/strict";
import { test } from "node:test";
import { leftHeavy } from "../../openprofiling_ipy/widgets/js/layout.js";
import { label, placesOf, placeText } from "../../openprofiling_ipy/widgets/js/places.js";
import { litNodes, match, matchedTotal, matchedWeight } from "../../openprofiling_ipy/widgets/js/search.js";
import { buildTree } from "../../openprofiling_ipy/widgets/js/tree.js";
import { stackSelf } from "../../openprofiling_ipy/widgets/js/weights.js";
import { generated, viewOf } from "./generate.js";
import { profileOf } from "./pictures.js";

const PROFILE = profileOf(`
  1   In[1]|train=3 /usr/lib/site-packages/pandas/frame.py|DataFrame.merge=90
  2   In[1]|train=3 ÄRGER
`);
const PLACES = placesOf(PROFILE, {
  places: [{ kind: "cell", package: "", short: "In[1]" }, { kind: "package", package: "pandas", short: "pandas/frame.py" }],
  file_place: { [PROFILE.strings.indexOf("In[1]")]: 0, [PROFILE.strings.indexOf("/usr/lib/site-packages/pandas/frame.py")]: 1 },
});

/** @param {string} query */
const found = (query) => {
  const { functions, count } = match(PROFILE, PLACES, query);
  const names = [...functions.keys()].filter((fn) => functions[fn]).map((fn) => PROFILE.strings[PROFILE.functions.name[fn]]);
  assert.equal(count, names.length);
  return names;
};

test("labels say where", () => {
  assert.equal(label(PROFILE, PLACES, 0), "train · In[1]:3");
  assert.equal(label(PROFILE, PLACES, 1), "DataFrame.merge · pandas/frame.py:90");
  assert.equal(label(PROFILE, PLACES, 2), "ÄRGER");
  assert.equal(placeText(PROFILE, PLACES, 0, 7), "In[1]:7");
});

test("names and places are searched, upper and lower case alike, nothing is an expression", () => {
  assert.deepEqual(found("MERGE"), ["DataFrame.merge"]);
  assert.deepEqual(found("in[1]:3"), ["train"]);
  assert.deepEqual(found("site-packages"), ["DataFrame.merge"]);
  assert.deepEqual(found("ärger"), ["ÄRGER"]);
  assert.deepEqual(found(" r "), ["train", "DataFrame.merge", "ÄRGER"]);
  assert.deepEqual(found("r.*m"), []);
  assert.deepEqual(found(""), []);
  assert.deepEqual(found("/"), ["DataFrame.merge"]);
});

test("between slashes it is one; a broken one says why", () => {
  assert.deepEqual(found("/^train|MERGE/"), ["train", "DataFrame.merge"]);
  assert.equal(match(PROFILE, PLACES, "/ok/").error, "");
  const broken = match(PROFILE, PLACES, "/(/");
  assert.equal(broken.count, 0);
  assert.match(broken.error, /\(/);
});

test("what lies under a match counts once", () => {
  for (let seed = 0; seed < 30; seed++) {
    const profile = generated(seed, { stacks: 90, samples: 120, functions: 9, depth: 6 });
    const places = placesOf(profile, viewOf(profile));
    const self = stackSelf(profile, 0, Uint8Array.of(1));
    const tree = buildTree(profile, self, { recursion: "keep", mine: false, places });
    const boxes = leftHeavy(tree);
    const { functions } = match(profile, places, seed % 2 ? "/f[13] /" : "f3");
    let wanted = 0;
    self.forEach((weight, leaf) => {
      let hit = false;
      for (let at = leaf; at >= 0; at = profile.stacks.parent[at]) hit ||= functions[profile.frames.fn[profile.stacks.frame[at]]] === 1;
      if (hit) wanted += weight;
    });
    assert.equal(matchedTotal(tree, functions), wanted);
    assert.equal(matchedTotal(boxes, functions), wanted);
    assert.equal(matchedWeight(profile, functions, self), wanted);
    assert.deepEqual([...litNodes(profile, tree, functions)], [...tree.fn].map((fn) => functions[fn]));
  }
});

test("a match that is folded away counts, and lights the frame it is folded into", () => {
  const profile = profileOf(`
    3   In[1]|cell pandas/frame.py|merge pandas/frame.py|inner
    2   In[1]|cell pandas/frame.py|merge
    1   In[1]|cell
  `);
  const places = placesOf(profile, viewOf(profile));
  const self = stackSelf(profile, 0, Uint8Array.of(1));
  const tree = buildTree(profile, self, { recursion: "keep", mine: true, places });
  const { functions } = match(profile, places, "inner");
  assert.equal(matchedWeight(profile, functions, self), 3);
  assert.equal(matchedTotal(tree, functions), 0);
  assert.deepEqual([...litNodes(profile, tree, functions)], [0, 1]);
});
