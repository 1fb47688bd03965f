/** How numbers are written: exactly as the Python `model/units.py` writes them, to the last digit. */

/** @import { Unit } from "./types.js" */

/** @type {[number, string][]} */
const TIME = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
/** @type {[number, string][]} */
const BYTES = [[1024 ** 4, "TiB"], [1024 ** 3, "GiB"], [1024 ** 2, "MiB"], [1024, "KiB"], [1, "B"]];

/**
 * `1240000000, "ns"` is "1.24 s", `1536, "bytes"` "1.50 KiB", `12, "count"` "12".
 * @param {number} value
 * @param {Unit} unit
 * @returns {string}
 */
export function formatValue(value, unit) {
  const sign = value < 0 ? "-" : "";
  const size = Math.abs(value);
  if (unit === "count") return sign + formatCount(round(size));
  if (unit === "ns" && size >= 59.95e9) return sign + longTime(round(size / 1e9));
  if (size === 0) return unit === "ns" ? "0 s" : "0 B";
  const scales = unit === "ns" ? TIME : BYTES;
  const [scale, name] = scales.find(([one]) => size / one >= 0.9995) ?? scales[scales.length - 1];
  return `${sign}${scale === 1 ? fixed(size, 0) : significant(size / scale)} ${name}`;
}

/**
 * @param {number} seconds
 * @returns {string}
 */
function longTime(seconds) {
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Three significant digits, no exponent.
 * @param {number} number
 * @returns {string}
 */
function significant(number) {
  if (number >= 99.95) return fixed(number, 0);
  return number >= 9.995 ? fixed(number, 1) : fixed(number, 2);
}

/**
 * Thousands separated: 1234567 is "1,234,567".
 * @param {number} number a whole one
 * @returns {string}
 */
export function formatCount(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * 0.362 is "36.2 %", 1 is "100 %".
 * @param {number} share
 * @returns {string}
 */
export function formatPercent(share) {
  const percent = share * 100;
  if (percent === 0) return "0 %";
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  return percent >= 99.95 ? `${fixed(percent, 0)} %` : `${fixed(percent, 1)} %`;
}

/**
 * To the nearest whole number, ties to the even one, as Python does.
 * @param {number} number not negative
 * @returns {number}
 */
function round(number) {
  const below = Math.floor(number);
  return number - below > 0.5 || (number - below === 0.5 && below % 2) ? below + 1 : below;
}

/**
 * `toFixed`, but ties go to the even digit. A double is a tie at `digits` only if times 2 ** (digits + 1) it is odd.
 * @param {number} number
 * @param {number} digits
 * @returns {string}
 */
function fixed(number, digits) {
  const tie = Math.abs(number * 2 ** (digits + 1)) % 2 === 1;
  if (!tie) return number.toFixed(digits);
  const power = 10 ** digits;
  return ((Math.sign(number) * round(Math.abs(number) * power)) / power).toFixed(digits);
}
