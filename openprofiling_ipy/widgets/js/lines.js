/** Weights of the lines of a file. */

import { stackSelf, stackTotal } from "./weights.js";

/** @import { Hot, LineWeights, NodeLine, Profile, Tree } from "./types.js" */

/**
 * Files that have lines with weight, heaviest total first.
 * @param {Profile} profile
 * @param {number} value
 * @param {Uint8Array} lanes
 * @returns {{file: string, total: number, source: boolean}[]}
 */
export function files(profile, value, lanes) {
  const { frame, end } = profile.stacks;
  const whole = stackTotal(profile.stacks, stackSelf(profile, value, lanes));
  const totals = new Map();
  const open = new Map();
  for (let i = 0; i < whole.length; i++) {
    const file = profile.functions.file[profile.frames.fn[frame[i]]];
    if (!whole[i] || !file || !profile.frames.line[frame[i]] || i < (open.get(file) ?? 0)) continue;
    open.set(file, end[i]);
    totals.set(file, (totals.get(file) ?? 0) + whole[i]);
  }
  return [...totals]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .map(([file, total]) => {
      const name = profile.strings[file];
      return { file: name, total, source: Object.hasOwn(profile.sources, name) };
    });
}

/**
 * Self and total of every line of a file that has weight. A line that is several times on a stack counts once. What ran
 * at unknown positions stands under line 0.
 * @param {Profile} profile
 * @param {string} file
 * @param {number} value
 * @param {Uint8Array} lanes
 * @returns {LineWeights}
 */
export function lineWeights(profile, file, value, lanes) {
  const { frame, end } = profile.stacks;
  const lineOf = linesIn(profile, file);
  const own = stackSelf(profile, value, lanes);
  const whole = stackTotal(profile.stacks, own);
  const size = lineOf.reduce((most, line) => Math.max(most, line), -1) + 1;
  const [self, total, open] = [new Float64Array(size), new Float64Array(size), new Int32Array(size)];
  for (let i = 0; i < own.length; i++) {
    const line = lineOf[frame[i]];
    if (line < 0) continue;
    self[line] += own[i];
    if (i >= open[line]) {
      total[line] += whole[i];
      open[line] = end[i];
    }
  }
  const line = Int32Array.from(total.keys()).filter((number) => total[number] > 0);
  return { line, self: Float64Array.from(line, (n) => self[n]), total: Float64Array.from(line, (n) => total[n]) };
}

/**
 * What was being evaluated on the lines of a file, heaviest first.
 * @param {Profile} profile
 * @param {string} file
 * @param {Float64Array} selfWeights
 * @returns {Map<number, Hot[]>} by line
 */
export function hotLines(profile, file, selfWeights) {
  const { stacks, frames, strings } = profile;
  const lineOf = linesIn(profile, file);
  const weights = new Float64Array(lineOf.length);
  for (let i = 0; i < selfWeights.length; i++) weights[stacks.frame[i]] += selfWeights[i];
  /** @type {Map<number, Map<number, number>>} */
  const byLine = new Map();
  for (let frame = 0; frame < weights.length; frame++) {
    const text = frames.expression[frame];
    if (lineOf[frame] < 0 || !text || !(weights[frame] > 0)) continue;
    const line = byLine.get(lineOf[frame]) ?? new Map();
    byLine.set(lineOf[frame], line.set(text, (line.get(text) ?? 0) + weights[frame]));
  }
  const sorted = (/** @type {Map<number, number>} */ line) => {
    return [...line].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([text, self]) => ({ text: strings[text], self }));
  };
  return new Map([...byLine].map(([line, texts]) => [line, sorted(texts)]));
}

/**
 * The executed lines of a node's function, heaviest first, with what was mostly evaluated there or else their source.
 * @param {Profile} profile
 * @param {Tree} tree from `buildTree`
 * @param {number} node
 * @param {Float64Array} stackTotals weight of each stack and all below it
 * @returns {NodeLine[]}
 */
export function nodeLines({ stacks, frames, functions, strings, sources }, tree, node, stackTotals) {
  /** @type {Map<number, {total: number, heaviest: number, expression: number}>} */
  const found = new Map();
  for (let i = 0; i < tree.stackNode.length; i++) {
    if (tree.stackNode[i] !== node) continue;
    const frame = stacks.frame[i];
    const line = frames.line[frame];
    // A folded node stands for other functions too: only the lines of its own are its.
    if (!line || frames.fn[frame] !== tree.fn[node]) continue;
    const known = found.get(line) ?? { total: 0, heaviest: 0, expression: 0 };
    known.total += stackTotals[i];
    if (frames.expression[frame] && stackTotals[i] > known.heaviest) {
      known.heaviest = stackTotals[i];
      known.expression = frames.expression[frame];
    }
    found.set(line, known);
  }
  const file = strings[functions.file[tree.fn[node]]];
  const source = Object.hasOwn(sources, file) ? sources[file].split("\n") : [];
  return [...found]
    .map(([line, { total, expression }]) => ({ line, total, text: strings[expression] || (source[line - 1] ?? "").trim() }))
    .sort((a, b) => b.total - a.total || a.line - b.line);
}

/**
 * The nodes a line is executed in.
 * @param {Profile} profile
 * @param {Tree} tree from `buildTree`
 * @param {string} file
 * @param {number} line
 * @returns {Uint8Array} [count] 1 where it is
 */
export function lineNodes(profile, tree, file, line) {
  const lineOf = linesIn(profile, file);
  const nodes = new Uint8Array(tree.count);
  const { stackNode } = tree;
  for (let i = 0; i < stackNode.length; i++) {
    if (stackNode[i] >= 0 && lineOf[profile.stacks.frame[i]] === line) nodes[stackNode[i]] = 1;
  }
  return nodes;
}

/**
 * @param {Profile} profile
 * @param {string} file
 * @returns {Int32Array} [F] the line of frames of that file, -1 for others
 */
function linesIn(profile, file) {
  const { fn, line } = profile.frames;
  const inFile = Uint8Array.from(profile.functions.file, (id) => (profile.strings[id] === file ? 1 : 0));
  return line.map((number, frame) => (inFile[fn[frame]] ? number : -1));
}
