import assert from "node:assert/strict";
import { test } from "node:test";
import { placesOf } from "../../openprofiling_ipy/widgets/js/places.js";
import { bands } from "../../openprofiling_ipy/widgets/js/spans.js";
import { leftOut, timeOrder } from "../../openprofiling_ipy/widgets/js/timeline.js";
import { buildTree } from "../../openprofiling_ipy/widgets/js/tree.js";
import { stackSelf, valueIndex } from "../../openprofiling_ipy/widgets/js/weights.js";
import { generated, viewOf } from "./generate.js";
import { block, drawn, profileOf } from "./pictures.js";

/** @import { Profile } from "../../openprofiling_ipy/widgets/js/types.js" */

/**
 * @param {Profile} profile
 * @param {string} [value]
 */
function timed(profile, value = "wall") {
  const index = valueIndex(profile, value);
  const lanes = new Uint8Array(profile.threads.length).fill(1);
  const places = placesOf(profile, viewOf(profile));
  const tree = buildTree(profile, stackSelf(profile, index, lanes), { recursion: "keep", mine: false, places });
  return { boxes: timeOrder(profile, tree, lanes, index), tree, lanes, index };
}

test("adjacent samples share what they have in common, time without samples is a gap", () => {
  const profile = profileOf(`
    wall:ns
    t=2  2   m a b
    t=4  2   m a c
    t=5  1   m d
    t=8  2   m a b
    t=9  1   -
    t=10 1   m
  `);
  assert.equal(
    drawn(timed(profile).boxes, profile),
    block(`
      Mmmmm.Mm.M
      AaaaD.Aa..
      BbCc..Bb..
    `),
  );
});

test("the lines of a function do not part a box", () => {
  const profile = profileOf(`
    wall:ns
    t=1 1 m:1 a:2
    t=2 1 m:3 a:4
  `);
  assert.equal(drawn(timed(profile).boxes, profile), "Mm\nAa");
});

test("lanes stand below each other, each under a row for its name, the user's first", () => {
  const profile = profileOf(`
    wall:ns
    ~@away
    t=2 2 x
    @idle
    @MainThread
    t=1 1 m a
    t=3 1 m b
  `);
  const { boxes } = timed(profile);
  assert.equal(
    drawn(boxes, profile),
    block(`
      ...
      M.M
      A.B
      ...
      Xx.
    `),
  );
  assert.deepEqual(
    boxes.lanes.map(({ thread, headerRow, firstRow, rows, total }) => [thread, headerRow, firstRow, rows, total]),
    [[2, 0, 1, 2, 2], [0, 3, 4, 1, 2]],
  );
});

test("waits that overlap are drawn once and counted", () => {
  const profile = profileOf(`
    wall:ns
    @task fetch
    t=4 4 f
    t=4 4 g
    t=6 4 g
  `);
  const { boxes } = timed(profile);
  assert.equal(drawn(boxes, profile), "FfffGg");
  assert.deepEqual([boxes.lanes[0].hidden, boxes.lanes[0].total], [1, 12]);
  assert.equal(boxes.clock, true);
});

test("a value without a clock of its own keeps the clock's places; without times widths are weights", () => {
  const picture = `
    cpu:ns wall:ns
    t=2 1 2   m a
    t=4 0 2   m b
    t=6 1 2   m a
  `;
  const onClock = timed(profileOf(picture), "cpu").boxes;
  assert.deepEqual([...onClock.x0], [0, 4, 0, 4]);
  assert.deepEqual([...onClock.total], [1, 1, 1, 1]);
  const without = profileOf(picture.replace(/t=\d/g, ""));
  assert.equal(drawn(timed(without, "cpu").boxes, without), "Mm\nAa");
  assert.equal(timed(without, "cpu").boxes.clock, false);
});

test("the picture spans the recording, not only its samples", () => {
  assert.equal(timed(profileOf("wall:ns\n t=3 1 m", { duration: 9 })).boxes.x1Max, 9);
});

test("every sample is found at its time, and weights add up", () => {
  for (let seed = 0; seed < 40; seed++) {
    const profile = generated(seed, { stacks: 100, samples: 300, functions: 9, depth: 6, threads: 1 + (seed % 3) });
    const { boxes, tree } = timed(profile);
    const { stack, thread, time, values } = profile.samples;
    /** @type {number[]} */
    const free = [];
    for (let i = 0; i < stack.length; i++) {
      if (stack[i] < 0 || !values[0][i]) continue;
      const at = Math.max(/** @type {Float64Array} */ (time)[i] - values[0][i], free[thread[i]] ?? 0);
      free[thread[i]] = /** @type {Float64Array} */ (time)[i];
      const lane = boxes.lanes.find((one) => one.thread === thread[i]);
      for (let node = tree.stackNode[stack[i]]; node >= 0; node = tree.parent[node]) {
        const row = (lane?.firstRow ?? 0) + tree.depth[node];
        const found = [...boxes.node.keys()].filter((b) => boxes.row[b] === row && boxes.x0[b] <= at && at < boxes.x1[b]);
        assert.deepEqual(found.map((box) => boxes.node[box]), [node]);
      }
    }
    const roots = [...boxes.total.keys()].filter((box) => boxes.parent[box] < 0);
    assert.equal(roots.reduce((sum, box) => sum + boxes.total[box], 0), tree.weight);
    assert.equal(boxes.self.reduce((sum, self) => sum + self, 0), tree.weight);
  }
});

test("too many boxes: neighbours join, no weight is lost", () => {
  const profile = generated(4, { stacks: 500, samples: 3000, functions: 9, depth: 6 });
  const { tree, lanes, index } = timed(profile);
  const [all] = bands(profile, tree, lanes, index);
  const [few] = bands(profile, tree, lanes, index, 1000);
  const sum = (/** @type {Float64Array} */ column, /** @type {number} */ count) => column.slice(0, count).reduce((a, b) => a + b, 0);
  assert.equal(all.joined, 0);
  assert.ok(few.count > 100 && timeOrder(profile, tree, lanes, index).count > 1000);
  assert.ok(few.leaf.slice(0, few.count).reduce((frames, leaf) => frames + tree.depth[leaf] + 1, 0) <= 1100);
  assert.equal(few.joined, all.count - few.count);
  assert.deepEqual(leftOut([all]), []);
  assert.match(leftOut([few, { hidden: 1200, joined: 0 }]).join(" · "), /^too many to draw each: [\d,]+ samples joined .* · 1,200 overlapping samples not drawn$/);
  assert.equal(sum(few.weight, few.count), sum(all.weight, all.count));
  assert.deepEqual([few.start[0], few.end[few.count - 1]], [all.start[0], all.end[all.count - 1]]);
  for (let i = 1; i < few.count; i++) assert.ok(few.start[i] >= few.end[i - 1]);
});
