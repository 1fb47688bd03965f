/**
 * Profiles and boxes as text pictures, in the language of `tests/pictures.py`:
 *
 *     wall:ns samples:count       the value types
 *     @MainThread                 a lane; "@task fetch" and "@native blas" likewise; "~@" is not home
 *     t=30 3 1   main:1 a:5 b:7   the time, the values, the stack from the root
 *     4 1   -                     an empty stack
 *     1 1   In[5]|f=3:4{g(x)}     [FILE|]FUNCTION[=FIRST][:LINE][{EXPRESSION}]
 */

import { ends } from "../../openprofiling_ipy/widgets/js/profile.js";

/** @import { Boxes, Profile, Thread, Tree, Unit } from "../../openprofiling_ipy/widgets/js/types.js" */

const FRAME = /^(?:([^|]*)\|)?(.+?)(?:=(\d+))?(?::(\d+))?(?:\{(.*)\})?$/;

class Interned {
  constructor() {
    /** @type {Map<string, number>} */
    this.ids = new Map();
    /** @type {any[][]} */
    this.rows = [];
  }

  /** @param {any[]} row */
  id(...row) {
    const key = JSON.stringify(row);
    if (!this.ids.has(key)) this.ids.set(key, this.rows.push(row) - 1);
    return /** @type {number} */ (this.ids.get(key));
  }

  /** @param {number} place */
  column(place) {
    return Int32Array.from(this.rows, (row) => row[place]);
  }
}

/**
 * @param {string} picture
 * @param {Partial<Profile>} [more]
 * @returns {Profile}
 */
export function profileOf(picture, more = {}) {
  const [strings, functions, frames, stacks] = [0, 0, 0, 0].map(() => new Interned());
  const lines = picture.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const types = /^\w+:(ns|bytes|count)/.test(lines[0]) ? /** @type {string} */ (lines.shift()) : "samples:count";
  const valueTypes = types.split(/\s+/).map((word) => {
    const [kind, unit] = word.split(":");
    return { kind, unit: /** @type {Unit} */ (unit) };
  });
  strings.id("");
  /** @type {Thread[]} */
  const threads = [];
  /** @type {{stack: number, thread: number, time: number, values: number[]}[]} */
  const samples = [];
  for (const line of lines) {
    if (/^~?@/.test(line)) {
      threads.push(threadOf(line));
      continue;
    }
    if (!threads.length) threads.push(threadOf("@MainThread"));
    const words = line.split(/\s+/);
    const time = words[0].startsWith("t=") ? Number(words.shift()?.slice(2)) : NaN;
    const values = words.splice(0, valueTypes.length).map(Number);
    let stack = -1;
    for (const word of words[0] === "-" ? [] : words) {
      const [, file = "", name, first = 0, at = 0, text = ""] = FRAME.exec(word) ?? [];
      const fn = functions.id(strings.id(name), strings.id(file), Number(first));
      stack = stacks.id(stack, frames.id(fn, Number(at), strings.id(text)));
    }
    samples.push({ stack, thread: threads.length - 1, time, values });
  }
  const { position, parent } = preorder(stacks.column(0));
  const frame = new Int32Array(parent.length);
  stacks.column(1).forEach((id, stack) => (frame[position[stack]] = id));
  return {
    strings: strings.rows.map(([text]) => text),
    functions: { name: functions.column(0), file: functions.column(1), firstLine: functions.column(2) },
    frames: { fn: frames.column(0), line: frames.column(1), expression: frames.column(2) },
    stacks: { parent, frame, end: ends(parent) },
    samples: {
      stack: Int32Array.from(samples, ({ stack }) => (stack < 0 ? -1 : position[stack])),
      thread: Int32Array.from(samples, ({ thread }) => thread),
      time: samples.some(({ time }) => time >= 0) ? Float64Array.from(samples, ({ time }) => time) : null,
      values: valueTypes.map((_, value) => Float64Array.from(samples, ({ values }) => values[value])),
    },
    threads,
    valueTypes,
    startedAt: "0",
    duration: 0,
    attributes: {},
    sources: {},
    ...more,
  };
}

/**
 * @param {string} line
 * @returns {Thread}
 */
function threadOf(line) {
  const [, away, kind, name] = /^(~?)@(?:(task|native) )?(.*)$/.exec(line) ?? [];
  return { name, kind: /** @type {Thread["kind"]} */ (kind ?? "thread"), home: !away };
}

/** @param {Int32Array} parent */
function preorder(parent) {
  const position = new Int32Array(parent.length);
  const sorted = new Int32Array(parent.length);
  // By way of a stack rather than recursion: pictures may be thousands of frames deep.
  const inner = Array.from({ length: parent.length + 1 }, () => /** @type {number[]} */ ([]));
  for (let stack = parent.length - 1; stack >= 0; stack--) inner[parent[stack] + 1].push(stack);
  const open = inner[0];
  for (let at = 0; open.length; at++) {
    const stack = /** @type {number} */ (open.pop());
    position[stack] = at;
    sorted[at] = parent[stack] < 0 ? -1 : position[parent[stack]];
    open.push(...inner[stack + 1]);
  }
  return { position, parent: sorted };
}

/**
 * Boxes as rows of letters, one a `unit`: a box of function "b" three wide is "Bbb", what is free is ".".
 * @param {Boxes} boxes
 * @param {Profile} profile
 * @param {number} [unit]
 * @returns {string}
 */
export function drawn(boxes, profile, unit = 1) {
  const rows = Array.from({ length: boxes.rows }, () => new Array(Math.round(boxes.x1Max / unit)).fill("."));
  for (let box = 0; box < boxes.count; box++) {
    const name = profile.strings[profile.functions.name[boxes.fn[box]]];
    for (let x = Math.round(boxes.x0[box] / unit); x < Math.round(boxes.x1[box] / unit); x++) {
      rows[boxes.row[box]][x] = x * unit === boxes.x0[box] ? name.toUpperCase() : name;
    }
  }
  return rows.map((row) => row.join("")).join("\n");
}

/**
 * A tree as paths: {"main a": [self, total]}.
 * @param {Tree} tree
 * @param {Profile} profile
 * @returns {Record<string, [number, number]>}
 */
export function paths(tree, profile) {
  /** @type {string[]} */
  const texts = [];
  for (let node = 0; node < tree.count; node++) {
    const name = profile.strings[profile.functions.name[tree.fn[node]]];
    texts.push(tree.parent[node] < 0 ? name : `${texts[tree.parent[node]]} ${name}`);
  }
  return Object.fromEntries(texts.map((text, node) => [text, [tree.self[node], tree.total[node]]]));
}

/**
 * The lines of a template, without its indentation.
 * @param {string} text
 * @returns {string}
 */
export function block(text) {
  return text.split("\n").map((line) => line.trim()).filter(Boolean).join("\n");
}
