/** A light touch of colour for Python source: keywords, strings, numbers, comments. Not a parser. */

/** @typedef {{kind: string, text: string}} Token kind is "" for what has no colour */

const WORDS =
  "False|None|True|and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield";
const STRING = /(?:\b[rbfu]{1,2})?(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)/.source;
const PARTS = new RegExp(`(?<comment>#[^\\n]*)|(?<string>${STRING})|(?<keyword>\\b(?:${WORDS})\\b)|(?<number>\\b\\d[\\w.]*)`, "gi");
/** A source longer than this stays plain. */
const LONGEST = 300_000;

/**
 * @param {string} source
 * @returns {Token[][]} the tokens of each line
 */
export function colored(source) {
  /** @type {Token[][]} */
  const lines = [[]];
  /** @param {string} kind @param {string} text */
  const add = (kind, text) => {
    text.split("\n").forEach((part, i) => {
      if (i) lines.push([]);
      if (part) /** @type {Token[]} */ (lines.at(-1)).push({ kind, text: part });
    });
  };
  let end = 0;
  for (const match of source.length > LONGEST ? [] : source.matchAll(PARTS)) {
    add("", source.slice(end, match.index));
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] ?? "";
    // Keywords are lower case but for three: the flag i is for the prefixes of strings.
    const real = kind !== "keyword" || /^([a-z]+|True|False|None)$/.test(match[0]);
    add(real ? kind : "", match[0]);
    end = match.index + match[0].length;
  }
  add("", source.slice(end));
  return lines;
}

/**
 * The tokens again, those within [from, to) marked as hot.
 *
 * @param {Token[]} tokens
 * @param {number} from
 * @param {number} to
 * @returns {(Token & {hot: boolean})[]}
 */
export function heated(tokens, from, to) {
  let at = 0;
  return tokens.flatMap(({ kind, text }) => {
    const start = at;
    at += text.length;
    const [a, b] = [from, to].map((edge) => Math.min(Math.max(edge - start, 0), text.length));
    return [
      { kind, text: text.slice(0, a), hot: false },
      { kind, text: text.slice(a, b), hot: true },
      { kind, text: text.slice(b), hot: false },
    ].filter((part) => part.text);
  });
}
