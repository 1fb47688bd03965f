/** Profile → files, with no kernel: what the Python formats write, so that they read it again. */

import { defaultLanes, stackSelf } from "./weights.js";

/** @import { Columns } from "./profile.js" */
/** @import { Profile } from "./types.js" */

/**
 * The inverse of `profile.decode`.
 * @param {Profile} profile
 * @returns {Columns}
 */
export function encode(profile) {
  const { functions, frames, stacks, samples } = profile;
  return {
    version: 1,
    strings: profile.strings,
    functions: { name: [...functions.name], file: [...functions.file], first_line: [...functions.firstLine] },
    frames: { function: [...frames.fn], line: [...frames.line], expression: [...frames.expression] },
    stacks: { parent: Array.from(stacks.parent, (above, i) => (above < 0 ? 0 : i - above)), frame: [...stacks.frame] },
    samples: {
      stack: differences(samples.stack),
      thread: [...samples.thread],
      time: samples.time && differences(samples.time),
      values: samples.values.map((column) => [...column]),
    },
    threads: profile.threads,
    value_types: profile.valueTypes,
    started_at: profile.startedAt,
    duration: profile.duration,
    attributes: profile.attributes,
    sources: profile.sources,
  };
}

/**
 * @param {Int32Array | Float64Array} column
 * @returns {number[]}
 */
function differences(column) {
  return Array.from(column, (number, i) => (i ? number - column[i - 1] : number));
}

/**
 * speedscope's JSON, with everything it cannot hold under `openprofiling`.
 * @param {Profile} profile
 * @param {string} title
 * @param {number} value the value shown, which speedscope shows too
 * @returns {string}
 */
export function toSpeedscope(profile, title, value) {
  throw new Error(`not written yet: ${title} ${value} ${profile.duration}`);
}

/**
 * Folded stacks: `root;child;leaf weight`, sorted.
 * @param {Profile} profile
 * @param {number} value
 * @param {Uint8Array} [lanes]
 * @returns {string}
 */
export function toFolded(profile, value, lanes = defaultLanes(profile, value)) {
  throw new Error(`not written yet: ${stackSelf(profile, value, lanes).length}`);
}
