/** Profile → files, with no kernel: what the Python formats write, so that they read it again. */

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
 * speedscope's JSON, byte for byte what `formats/speedscope.py` writes: the profile's own value, a profile a lane, and
 * everything speedscope has no place for in the member `openprofiling`.
 * @param {Profile} profile
 * @returns {string}
 */
export function toSpeedscope(profile) {
  const { attributes, samples } = profile;
  const weights = samples.values[0].map((weight) => Math.max(weight, 0));
  const lanes = [...new Set(samples.thread)].sort((a, b) => a - b);
  const words = Array.from(profile.functions.name, (_, fn) => String(fn));
  const texts = stackTexts(profile, Uint8Array.from(samples.thread, () => 1), words, ",", "");
  const head = {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    exporter: "openprofiling_ipy",
    name: String(attributes.name || attributes.label || attributes.kind || "profile"),
    activeProfileIndex: heaviest(profile, lanes, weights),
    shared: { frames: words.map((_, fn) => speedscopeFrame(profile, fn)) },
  };
  const profiles = lanes.map((lane) => speedscopeLane(profile, lane, weights, texts));
  const data = JSON.stringify(encode(profile));
  return `${JSON.stringify(head).slice(0, -1)},"profiles":[${profiles.join()}],"openprofiling":${data}}`;
}

/**
 * Which lane speedscope opens first: the heaviest of those shown by default.
 * @param {Profile} profile
 * @param {number[]} lanes
 * @param {Float64Array} weights
 * @returns {number} place in `lanes`
 */
function heaviest({ threads, samples }, lanes, weights) {
  const totals = new Float64Array(threads.length);
  for (let i = 0; i < weights.length; i++) totals[samples.thread[i]] += weights[i];
  const rank = (/** @type {number} */ lane) => Number(threads[lane].home);
  let best = 0;
  lanes.forEach((lane, place) => {
    const ahead = rank(lane) - rank(lanes[best]) || totals[lane] - totals[lanes[best]];
    if (ahead > 0) best = place;
  });
  return best;
}

/**
 * @param {Profile} profile
 * @param {number} fn
 */
function speedscopeFrame({ strings, functions }, fn) {
  const [file, line] = [functions.file[fn], functions.firstLine[fn]];
  return { name: strings[functions.name[fn]], ...(file && { file: strings[file] }), ...(line && { line }) };
}

/**
 * @param {Profile} profile
 * @param {number} lane
 * @param {Float64Array} weights
 * @param {string[]} texts
 * @returns {string}
 */
function speedscopeLane({ threads, samples, valueTypes }, lane, weights, texts) {
  /** @type {string[]} */
  const stacks = [];
  /** @type {number[]} */
  const own = [];
  for (let i = 0; i < weights.length; i++) {
    if (samples.thread[i] !== lane) continue;
    stacks.push(texts[samples.stack[i] + 1]);
    own.push(weights[i]);
  }
  const head = {
    type: "sampled",
    name: threads[lane].name,
    unit: { ns: "nanoseconds", bytes: "bytes", count: "none" }[valueTypes[0].unit],
    startValue: 0,
    endValue: own.reduce((sum, weight) => sum + weight, 0),
  };
  return `${JSON.stringify(head).slice(0, -1)},"samples":[[${stacks.join("],[")}]],"weights":[${own.join()}]}`;
}

/**
 * The words of each stack that a wanted sample ends in, root first; that of stack i is at i + 1, the empty stack's at 0.
 * @param {Profile} profile
 * @param {Uint8Array} wanted [S]
 * @param {string[]} words [U]
 * @param {string} separator
 * @param {string} empty
 * @returns {string[]}
 */
function stackTexts({ stacks, frames, samples }, wanted, words, separator, empty) {
  const leaf = new Uint8Array(stacks.parent.length);
  for (let i = 0; i < wanted.length; i++) if (wanted[i] && samples.stack[i] >= 0) leaf[samples.stack[i]] = 1;
  const texts = new Array(leaf.length + 1).fill("");
  texts[0] = empty;
  /** @type {string[]} */
  const path = [];
  const depth = new Int32Array(leaf.length);
  for (let stack = 0; stack < leaf.length; stack++) {
    const above = stacks.parent[stack];
    depth[stack] = above < 0 ? 0 : depth[above] + 1;
    path.length = depth[stack];
    path.push(words[frames.fn[stacks.frame[stack]]]);
    if (leaf[stack]) texts[stack + 1] = path.join(separator);
  }
  return texts;
}

const NO_STACK = "[no stack]";
const LANE = /^\[(other )?(thread|task|native) (.*)\]$/;

/**
 * Folded stacks of the profile's own value, as `formats/folded.py` writes them: `root;caller;leaf 1200`, sorted.
 * @param {Profile} profile
 * @returns {string}
 */
export function toFolded(profile) {
  const { samples, functions } = profile;
  const weights = samples.values[0];
  const heavy = Uint8Array.from(weights, (weight) => (weight > 0 ? 1 : 0));
  const texts = stackTexts(profile, heavy, Array.from(functions.name, (_, fn) => word(profile, fn)), ";", NO_STACK);
  const prefixes = lanePrefixes(profile, heavy);
  /** @type {Map<string, number>} */
  const totals = new Map();
  for (let i = 0; i < weights.length; i++) {
    if (!heavy[i]) continue;
    const text = prefixes[samples.thread[i]] + texts[samples.stack[i] + 1];
    totals.set(text, (totals.get(text) ?? 0) + weights[i]);
  }
  const lines = [...totals].sort(([one], [two]) => byCodePoint(one, two));
  return lines.map(([text, total]) => `${text} ${total}\n`).join("");
}

/**
 * What stands before the stacks of each lane: nothing where all weight is on one main thread.
 * @param {Profile} profile
 * @param {Uint8Array} heavy [S]
 * @returns {string[]}
 */
function lanePrefixes({ threads, samples }, heavy) {
  const main = threads.map(({ name, kind, home }) => name === "MainThread" && kind === "thread" && home);
  if (samples.thread.every((lane, i) => !heavy[i] || main[lane])) return threads.map(() => "");
  return threads.map(({ name, kind, home }) => `[${home ? "" : "other "}${kind} ${escaped(name)}];`);
}

/**
 * What would break a line or be read as something else, as in a URL.
 * @param {string} text
 * @returns {string}
 */
function escaped(text) {
  return text.replace(/[;\n\r]|%(?=20|23|25|3B|5B|0A|0D)/g, (letter) => {
    return `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/**
 * A function as a frame: `name`, `name (file)` or `name (file:line)`.
 * @param {Profile} profile
 * @param {number} fn
 * @returns {string}
 */
function word({ strings, functions }, fn) {
  const called = escaped(strings[functions.name[fn]]).replaceAll(" (", "%20(");
  const file = escaped(strings[functions.file[fn]]);
  const line = functions.firstLine[fn];
  const numbered = line > 0 || /:\d{1,10}$/.test(file);
  const whole = called + (numbered ? ` (${file}:${line})` : file && ` (${file})`);
  if (whole.startsWith("#")) return `%23${whole.slice(1)}`;
  return whole === NO_STACK || LANE.test(whole) ? `%5B${whole.slice(1)}` : whole;
}

/**
 * Python's order of strings: halves of surrogate pairs stand for letters beyond all others.
 * @param {string} one
 * @param {string} two
 * @returns {number}
 */
function byCodePoint(one, two) {
  const shorter = Math.min(one.length, two.length);
  for (let i = 0; i < shorter; i++) {
    const [a, b] = [one.charCodeAt(i), two.charCodeAt(i)];
    if (a !== b) return (a >> 11 === 27 ? a + 0x10000 : a) - (b >> 11 === 27 ? b + 0x10000 : b);
  }
  return one.length - two.length;
}
