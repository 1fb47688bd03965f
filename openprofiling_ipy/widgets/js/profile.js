/** Columns as they travel → typed arrays. The twin of the Python `formats/columns.py`. */

/** @import { Profile, Thread, ValueType } from "./types.js" */

/**
 * The columns as JSON.
 * @typedef {object} Columns
 * @property {1} version
 * @property {string[]} strings
 * @property {{name: number[], file: number[], first_line: number[]}} functions
 * @property {{function: number[], line: number[], expression: number[]}} frames
 * @property {{parent: number[], frame: number[]}} stacks parent is stored as i - parent, 0 for a root
 * @property {{stack: number[], thread: number[], time: number[] | null, values: number[][]}} samples
 *   stack and time are stored as differences
 * @property {Thread[]} threads
 * @property {ValueType[]} value_types
 * @property {string} started_at
 * @property {number} duration
 * @property {Record<string, string | number | boolean>} attributes
 * @property {Record<string, string>} sources
 */

/**
 * Inflate the page's data: base64 of raw deflate of JSON. Rejects where they are damaged.
 * @param {string} base64
 * @returns {Promise<any>}
 */
export async function unpack(base64) {
  const letters = atob(base64.trim());
  // A plain loop: `Uint8Array.from` with a function takes seconds for a large profile.
  const packed = new Uint8Array(letters.length);
  for (let i = 0; i < packed.length; i++) packed[i] = letters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).json();
}

/**
 * Turn columns into a profile; does not keep the columns.
 * @param {Columns} columns
 * @returns {Profile}
 */
export function decode(columns) {
  if (columns.version !== 1) throw new Error(`this picture cannot read columns of version ${columns.version}`);
  const { functions, frames, samples } = columns;
  const parent = parents(columns.stacks.parent);
  return {
    strings: columns.strings,
    functions: {
      name: Int32Array.from(functions.name),
      file: Int32Array.from(functions.file),
      firstLine: Int32Array.from(functions.first_line),
    },
    frames: {
      fn: Int32Array.from(frames.function),
      line: Int32Array.from(frames.line),
      expression: Int32Array.from(frames.expression),
    },
    stacks: { parent, frame: Int32Array.from(columns.stacks.frame), end: ends(parent) },
    samples: {
      stack: sums(samples.stack, new Int32Array(samples.stack.length)),
      thread: Int32Array.from(samples.thread),
      time: samples.time && sums(samples.time, new Float64Array(samples.time.length)),
      values: samples.values.map((column) => Float64Array.from(column)),
    },
    threads: columns.threads,
    valueTypes: columns.value_types,
    startedAt: columns.started_at,
    duration: columns.duration,
    attributes: columns.attributes,
    sources: columns.sources,
  };
}

/**
 * @param {number[]} steps
 * @returns {Int32Array}
 */
function parents(steps) {
  const parent = new Int32Array(steps.length);
  for (let i = 0; i < steps.length; i++) parent[i] = steps[i] === 0 ? -1 : i - steps[i];
  return parent;
}

/**
 * @template {Int32Array | Float64Array} T
 * @param {number[]} differences
 * @param {T} into
 * @returns {T}
 */
function sums(differences, into) {
  let sum = 0;
  for (let i = 0; i < differences.length; i++) into[i] = sum += differences[i];
  return into;
}

/**
 * One past the last stack of every subtree.
 * @param {Int32Array} parent
 * @returns {Int32Array}
 */
export function ends(parent) {
  const end = new Int32Array(parent.length);
  for (let i = parent.length - 1; i >= 0; i--) {
    if (end[i] === 0) end[i] = i + 1;
    const above = parent[i];
    // The last child is met first, and its end is the end of its parent.
    if (above >= 0 && end[above] === 0) end[above] = end[i];
  }
  return end;
}
