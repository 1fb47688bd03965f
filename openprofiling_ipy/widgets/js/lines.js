/** Weights of the lines of a file. */

import { stackSelf, stackTotal } from "./weights.js";

/** @import { Expression, LineWeights, Profile, Tree } from "./types.js" */

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
 * The expressions of a line that were being evaluated, heaviest first.
 * @param {Profile} profile
 * @param {string} file
 * @param {number} line
 * @param {number} value
 * @param {Uint8Array} lanes
 * @returns {Expression[]}
 */
export function expressions(profile, file, line, value, lanes) {
  const lineOf = linesIn(profile, file);
  const own = stackSelf(profile, value, lanes);
  const weights = new Map();
  for (let i = 0; i < own.length; i++) {
    const frame = profile.stacks.frame[i];
    const text = profile.frames.expression[frame];
    if (own[i] > 0 && text && lineOf[frame] === line) weights.set(text, (weights.get(text) ?? 0) + own[i]);
  }
  return [...weights]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .map(([text, self]) => ({ text: profile.strings[text], self }));
}

/**
 * The expressions a node of the tree was evaluating, heaviest first.
 * @param {Profile} profile
 * @param {Tree} tree from `buildTree`
 * @param {number} node
 * @param {Float64Array} selfWeights what the tree was built with
 * @returns {Expression[]}
 */
export function nodeExpressions(profile, tree, node, selfWeights) {
  const weights = new Map();
  for (let i = 0; i < tree.stackNode.length; i++) {
    if (tree.stackNode[i] !== node) continue;
    const frame = profile.stacks.frame[i];
    const text = profile.frames.expression[frame];
    // A folded frame stands for others too: only its own function's expressions are its.
    if (text && profile.frames.fn[frame] === tree.fn[node]) weights.set(text, (weights.get(text) ?? 0) + selfWeights[i]);
  }
  return [...weights]
    .filter(([, self]) => self > 0)
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .map(([text, self]) => ({ text: profile.strings[text], self }));
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
