/** What the panel writes: clocks, numbers, titles and destinations. */

import { formatCount, formatPercent, formatValue } from "./format.js";

/** @import { Capture, Job, PlaceKind, Running } from "./panel_types.js" */

/** @type {Record<string, string>} */
const KINDS = { cpu: "CPU", wall: "Wall" };

/** @param {string} kind */
export const kindName = (kind) => KINDS[kind] ?? kind[0].toUpperCase() + kind.slice(1);

/** @type {Record<string, [string, string]>} */
const OPTIONS = { rate: ["Rate", "Hz"], all_threads: ["All threads", ""], interval: ["Every", ""], children: ["Child processes", ""] };

/** An option's name and unit. @param {string} option @returns {[string, string]} */
export const optionWords = (option) => OPTIONS[option] ?? [(option[0].toUpperCase() + option.slice(1)).replaceAll("_", " "), ""];

/**
 * A running clock to a tenth: "0:03.4", "12:00.0", "1:02:03".
 * @param {number} ms
 */
export function clock(ms) {
  const tenths = Math.max(0, Math.floor(ms / 100));
  const seconds = Math.floor(tenths / 10);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}.${tenths % 10}`;
}

/** How long a capture took. @param {number} ms */
export const took = (ms) => formatValue(ms * 1e6, "ns");

/** @param {Running} running */
export function liveNumbers({ samples, rate, asked, cost }) {
  return {
    samples: formatCount(samples),
    rate: `${Math.round(rate)} of ${Math.round(asked)} Hz`,
    cost: formatPercent(cost),
  };
}

/** What a recording is about: its name first, if it has one. @param {Running | Capture} capture */
export const subject = ({ label, name }) => (name && label ? `${name} · ${label}` : name || label);

/** When it began, in the reader's own time: "14:03:22". @param {number} began */
export const timeOfDay = (began) => (began ? new Date(began).toLocaleTimeString([], { hour12: false }) : "");

/** The beginning of a destination of each kind. @type {Record<PlaceKind, string>} */
export const SCHEMES = { file: "", s3: "s3://", gs: "gs://" };

/**
 * @param {PlaceKind} kind
 * @param {string} rest what stands behind the scheme; a scheme typed there counts
 */
export function destination(kind, rest) {
  const text = rest.trim();
  const scheme = SCHEMES[kind];
  return !scheme || text.startsWith(scheme) ? text : scheme + text.replace(/^\/+/, "");
}

/** The kind that a typed scheme asks for; null without one. @param {string} text @returns {PlaceKind | null} */
export const typedKind = (text) => (/^\s*s3:\/\//i.test(text) ? "s3" : /^\s*gs:\/\//i.test(text) ? "gs" : null);

/** What an export is doing, in words. @param {Job} job */
export function jobWords({ phase, sent, size, place }) {
  if (phase === "packing") return "Packing…";
  if (phase === "sending") return sent ? `Sending: ${formatValue(sent, "bytes")} of ${formatValue(size, "bytes")}` : `Sending ${formatValue(size, "bytes")}…`;
  return phase === "done" ? `Exported to ${place}` : place;
}
