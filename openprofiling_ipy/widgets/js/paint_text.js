/**
 * Labels that fit. Measuring text is the slowest part of drawing it, so widths come from a table: one entry a letter of
 * Latin, one a string of any other script (whose letters change with their neighbours).
 */

/** @typedef {{width: (text: string) => number, clip: (text: string, room: number) => string}} Ruler */

const PLAIN = /^[\x20-\x7e\xa0-\xff·…–]*$/;
// Control letters and those that turn the direction of text could make a label lie about the frame it names.
const UNSEEN = /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const LONGEST = 400;

/**
 * A name as it may be shown: of bearable length, nothing in it invisible.
 *
 * @param {string} text
 */
export function shown(text) {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return short.replace(UNSEEN, "\ufffd");
}

/**
 * @param {(text: string) => number} measure width of a text in px
 * @returns {Ruler}
 */
export function createRuler(measure) {
  const letters = new Float32Array(256).fill(-1);
  /** @type {Map<string, number>} */
  const others = new Map();
  /** @param {string} text */
  function known(text) {
    let width = others.get(text);
    if (width === undefined) {
      if (others.size > 20_000) others.clear();
      width = measure(text);
      others.set(text, width);
    }
    return width;
  }
  /** @param {string} letter */
  function letterWidth(letter) {
    const code = letter.charCodeAt(0);
    if (code > 255) return known(letter);
    if (letters[code] < 0) letters[code] = measure(letter);
    return letters[code];
  }
  /** @param {string} text */
  function width(text) {
    if (!PLAIN.test(text)) return known(text);
    let sum = 0;
    for (let i = 0; i < text.length; i++) sum += letterWidth(text[i]);
    return sum;
  }
  /** @param {string} text @param {number} room */
  function clip(text, room) {
    if (width(text) <= room) return text;
    const left = room - letterWidth("…");
    const parts = PLAIN.test(text) ? text : Array.from(text);
    let low = 0;
    let high = parts.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (width(joined(parts, middle)) <= left) low = middle;
      else high = middle - 1;
    }
    return low ? `${joined(parts, low).trimEnd()}…` : "";
  }
  return { width, clip };
}

/** @param {string | string[]} parts @param {number} count */
function joined(parts, count) {
  return typeof parts === "string" ? parts.slice(0, count) : parts.slice(0, count).join("");
}

/** @typedef {{full: string, name: string, last: string, widths: number[]}} Label from the longest to the shortest form */

/**
 * The labels of functions, made when first asked for: `name · place`, then the name, then its last part, then clipped.
 *
 * @param {(fn: number) => {name: string, place: string}} describe
 * @param {Ruler} ruler
 */
export function createLabels(describe, ruler) {
  /** @type {Label[]} */
  const labels = [];
  /** @param {number} fn */
  function labelOf(fn) {
    if (labels[fn]) return labels[fn];
    const described = describe(fn);
    const [name, place] = [shown(described.name), shown(described.place)];
    const full = place ? `${name} · ${place}` : name;
    const last = name.slice(name.lastIndexOf(".") + 1) || name;
    labels[fn] = { full, name, last, widths: [full, name, last].map(ruler.width) };
    return labels[fn];
  }
  return {
    /** @param {number} fn @param {number} room px @returns {string} "" where not even two letters fit */
    fit(fn, room) {
      const { full, name, last, widths } = labelOf(fn);
      if (widths[0] <= room) return full;
      if (widths[1] <= room) return name;
      if (widths[2] <= room) return last;
      const clipped = ruler.clip(last, room);
      return clipped.length > 2 ? clipped : "";
    },
    labelOf,
  };
}

/** @typedef {ReturnType<typeof createLabels>} Labels */
