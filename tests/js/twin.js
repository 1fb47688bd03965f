/** What JS makes of profiles, for `test_twins.py` to compare with what Python makes of them: JSON in, JSON out. */

import { text } from "node:stream/consumers";
import { toFolded, toSpeedscope } from "../../openprofiling_ipy/widgets/js/exports.js";
import { formatPercent, formatValue } from "../../openprofiling_ipy/widgets/js/format.js";
import { leftHeavy } from "../../openprofiling_ipy/widgets/js/layout.js";
import { lineWeights } from "../../openprofiling_ipy/widgets/js/lines.js";
import { label, placesOf } from "../../openprofiling_ipy/widgets/js/places.js";
import { decode } from "../../openprofiling_ipy/widgets/js/profile.js";
import { timeOrder } from "../../openprofiling_ipy/widgets/js/timeline.js";
import { buildTree, focusFrom, invertFrom } from "../../openprofiling_ipy/widgets/js/tree.js";
import { defaultLanes, documentTotal, functionWeights, stackSelf } from "../../openprofiling_ipy/widgets/js/weights.js";

/** @import { Boxes, Folding, Places, Profile, Tree } from "../../openprofiling_ipy/widgets/js/types.js" */

/** @param {Boxes} boxes */
const rows = (boxes) => Array.from(boxes.fn, (fn, box) => [boxes.row[box], fn, boxes.x0[box], boxes.x1[box]]);

/**
 * What hangs on the root, by function.
 * @param {Tree} tree
 */
function neighbours(tree) {
  const found = [];
  for (let node = 0; node < tree.count; node++) if (tree.parent[node] === 0) found.push([tree.fn[node], tree.total[node]]);
  return found.sort((a, b) => a[0] - b[0]);
}

/**
 * @param {Profile} profile
 * @param {Places} places
 * @param {number} value
 */
function valued(profile, places, value) {
  const lanes = defaultLanes(profile, value);
  const self = stackSelf(profile, value, lanes);
  const folded = (/** @type {Partial<Folding>} */ folding) => {
    return buildTree(profile, self, { recursion: "keep", mine: false, places, ...folding });
  };
  const plain = folded({});
  const weights = functionWeights(profile, value, lanes);
  const functions = [...weights.self.keys()];
  return {
    lanes: [...lanes],
    total: documentTotal(profile, value),
    functions: [[...weights.self], [...weights.total]],
    boxes: rows(leftHeavy(plain)),
    collapsed: rows(leftHeavy(folded({ recursion: "collapse" }))),
    mine: rows(leftHeavy(folded({ mine: true }))),
    time: profile.threads.map((_, lane) => {
      const only = Uint8Array.from(profile.threads, (_, other) => (other === lane ? 1 : 0));
      const inLane = buildTree(profile, stackSelf(profile, value, only), { recursion: "keep", mine: false, places });
      return rows(timeOrder(profile, inLane, only, value));
    }),
    callers: functions.map((fn) => neighbours(invertFrom(plain, fn))),
    callees: functions.map((fn) => neighbours(focusFrom(plain, fn))),
    lines: Object.fromEntries(
      [...new Set(profile.functions.file)].map((file) => {
        const { line, self: own, total } = lineWeights(profile, profile.strings[file], value, lanes);
        return [profile.strings[file], [[...line], [...own], [...total]]];
      }),
    ),
  };
}

const { profiles, values, shares } = JSON.parse(await text(process.stdin));
const answer = {
  values: values.map((/** @type {[number, "ns"]} */ [value, unit]) => formatValue(value, unit)),
  shares: shares.map(formatPercent),
  profiles: profiles.map((/** @type {any} */ { columns, view }) => {
    const profile = decode(columns);
    const places = placesOf(profile, view);
    return {
      speedscope: toSpeedscope(profile),
      folded: toFolded(profile),
      labels: Array.from(profile.functions.name, (_, fn) => label(profile, places, fn)),
      values: profile.valueTypes.map((_, value) => valued(profile, places, value)),
    };
  }),
};
process.stdout.write(JSON.stringify(answer));
