/** Where functions live: the user's own code, a package, the standard library. Python classified; this only looks up. */

/** @import { Place, Places, Profile, ViewFacts } from "./types.js" */

/** @type {Place} */
const UNKNOWN = { kind: "package", package: "", short: "" };

/** Frames folded to fit a budget may be anybody's: they join nothing. */
const FOLDED_FILE = "<folded>";
const [STAYS, HELPS, IMPORTS] = [0, 1, 2];

/**
 * @param {Profile} profile
 * @param {Pick<ViewFacts, "places" | "file_place">} view
 * @returns {Places}
 */
export function placesOf(profile, view) {
  const list = [...view.places, UNKNOWN];
  const groups = new Map();
  const groupOf = Int32Array.from(list, (place) => {
    if (place.kind === "cell" || place.kind === "user") return -1;
    const key = `${place.kind} ${place.package}`;
    if (!groups.has(key)) groups.set(key, groups.size);
    return groups.get(key);
  });
  const of = Int32Array.from(profile.functions.file, (file) => view.file_place[file] ?? list.length - 1);
  const joins = Uint8Array.from(of, (place, fn) => {
    return profile.strings[profile.functions.file[fn]] === FOLDED_FILE ? STAYS : joining(list[place]);
  });
  const hosts = Uint8Array.from(of, (place) => Number(list[place].kind === "package"));
  return { list, of, group: of.map((place) => groupOf[place]), joins, hosts };
}

/**
 * What frames of a place join besides their own kind.
 * @param {Place} place
 * @returns {number}
 */
function joining({ kind, short }) {
  if (kind === "stdlib") return short.startsWith("importlib._bootstrap") ? IMPORTS : HELPS;
  return kind === "builtin" || (kind === "user" && short.startsWith("<")) ? HELPS : STAYS;
}

/**
 * Whether "my code" hides a function below another that is shown: in one package, as a helper of a package (the
 * standard library, built-ins, generated code), or as machinery of an import, which tracebacks leave out as well.
 * @param {Places} places
 * @param {number} fn
 * @param {number} above
 * @returns {boolean}
 */
export function absorbed({ group, joins, hosts }, fn, above) {
  if (group[fn] >= 0 && group[fn] === group[above]) return true;
  return joins[fn] === IMPORTS || (joins[fn] === HELPS && hosts[above] === 1);
}

/**
 * The place of a function as people read it: `In[5]:12`, `pandas/core/frame.py:10832`, "" where nothing is known.
 * @param {Profile} profile
 * @param {Places} places
 * @param {number} fn
 * @param {number} [line] other than the function's first
 * @returns {string}
 */
export function placeText(profile, places, fn, line = profile.functions.firstLine[fn]) {
  // A known place without a short form, such as that of small frames folded into one, has nothing to say.
  const known = places.list[places.of[fn]];
  const short = known === UNKNOWN ? profile.strings[profile.functions.file[fn]] : known.short;
  return short && line > 0 ? `${short}:${line}` : short;
}

/**
 * `qualified.name · place`
 * @param {Profile} profile
 * @param {Places} places
 * @param {number} fn
 * @returns {string}
 */
export function label(profile, places, fn) {
  const name = profile.strings[profile.functions.name[fn]] || "(anonymous)";
  const place = placeText(profile, places, fn);
  return place ? `${name} · ${place}` : name;
}
