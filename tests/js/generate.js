/** Seeded profiles: the same seed gives the same profile on every machine. */

import { ends } from "../../openprofiling_ipy/widgets/js/profile.js";

/** @import { Profile } from "../../openprofiling_ipy/widgets/js/types.js" */

/**
 * A small generator of numbers in [0, 1): mulberry32.
 * @param {number} seed
 * @returns {() => number}
 */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @typedef {object} Shape
 * @property {number} stacks
 * @property {number} samples
 * @property {number} functions
 * @property {number} depth mean depth of the stacks
 * @property {number} [threads]
 * @property {boolean} [timed]
 * @property {boolean} [rooted] one root rather than a forest
 */

/**
 * A profile whose stacks are a random walk up and down, two lines a function, values wall and samples.
 * @param {number} seed
 * @param {Shape} shape
 * @returns {Profile}
 */
export function generated(seed, { stacks, samples, functions, depth, threads = 1, timed = true, rooted = false }) {
  const next = random(seed);
  const pick = (/** @type {number} */ below) => Math.floor(next() * below);
  const parent = new Int32Array(stacks);
  const path = [-1];
  const children = new Int32Array(stacks + 1);
  for (let i = 0; i < stacks; i++) {
    const back = path.length > 2 * depth ? pick(2 * depth) : next() < 0.5 ? pick(4) : 0;
    path.length = Math.max(path.length - back, rooted && i ? 2 : 1);
    // No more children than there are frames to tell them apart.
    if (++children[path[path.length - 1] + 1] > 2 * functions) path.push(i - 1);
    parent[i] = path[path.length - 1];
    path.push(i);
  }
  const time = new Float64Array(samples);
  const wall = Float64Array.from({ length: samples }, () => pick(5) * 1_000_000);
  const clock = new Float64Array(threads);
  const thread = Int32Array.from({ length: samples }, () => pick(threads));
  for (let i = 0; i < samples; i++) time[i] = clock[thread[i]] += wall[i] + (next() < 0.1 ? 1_000_000 : 0);
  const names = Array.from({ length: functions }, (_, fn) => `f${fn}`);
  const files = ["In[1]", "pandas/frame.py", "numpy/core.py", "json/decoder.py"];
  return {
    strings: ["", ...names, ...files, "g(x)", "h(y)"],
    functions: {
      name: Int32Array.from({ length: functions }, (_, fn) => fn + 1),
      file: Int32Array.from({ length: functions }, (_, fn) => functions + 1 + (fn % files.length)),
      firstLine: Int32Array.from({ length: functions }, (_, fn) => fn * 10 + 1),
    },
    frames: {
      fn: Int32Array.from({ length: 2 * functions }, (_, frame) => frame >> 1),
      line: Int32Array.from({ length: 2 * functions }, (_, frame) => (frame >> 1) * 10 + 2 + (frame & 1)),
      expression: Int32Array.from({ length: 2 * functions }, (_, frame) => (frame % 3 ? 0 : functions + 5 + (frame & 1))),
    },
    stacks: { parent, frame: distinct(parent, 2 * functions, pick), end: ends(parent) },
    samples: {
      // Near each other in time, near each other in the tree; a few in between are empty.
      stack: Int32Array.from({ length: samples }, (_, i) => (pick(50) ? Math.min(pick(9) + Math.floor((i * stacks) / samples), stacks - 1) : -1)),
      thread,
      time: timed ? time : null,
      values: [wall, new Float64Array(samples).fill(1)],
    },
    threads: Array.from({ length: threads }, (_, i) => ({ name: `thread ${i}`, kind: "thread", home: i !== 1 })),
    valueTypes: [{ kind: "wall", unit: "ns" }, { kind: "samples", unit: "count" }],
    startedAt: "1795400000000000001",
    duration: timed && samples ? Math.max(...clock) : 0,
    attributes: { kind: "wall" },
    sources: { "In[1]": "a = 1\nb = 2\n" },
  };
}

/**
 * A frame for every stack, different from those of its siblings: a trie has no twins.
 * @param {Int32Array} parent
 * @param {number} frames not a multiple of 7919
 * @param {(below: number) => number} pick
 * @returns {Int32Array}
 */
function distinct(parent, frames, pick) {
  // Each parent's children step through all frames, by a prime, from where chance began.
  const next = Int32Array.from({ length: parent.length + 1 }, () => pick(frames));
  return parent.map((above) => (next[above + 1] = (next[above + 1] + 7919) % frames));
}

/**
 * Places for a generated profile.
 * @param {Profile} profile
 */
export function viewOf(profile) {
  /** @type {import("../../openprofiling_ipy/widgets/js/types.js").Place[]} */
  const places = [
    { kind: "cell", package: "", short: "In[1]" },
    { kind: "package", package: "pandas", short: "pandas/frame.py" },
    { kind: "package", package: "numpy", short: "numpy/core.py" },
    { kind: "stdlib", package: "json", short: "json/decoder.py" },
  ];
  const ids = places.map((place) => profile.strings.indexOf(place.short));
  return { places, file_place: Object.fromEntries(ids.map((id, place) => [String(id), place])) };
}
