import assert from "node:assert/strict";
import { test } from "node:test";
import { formatCount, formatPercent, formatValue } from "../../openprofiling_ipy/widgets/js/format.js";

/** @import { Unit } from "../../openprofiling_ipy/widgets/js/types.js" */

// `test_twins.py` compares with Python itself, a thousand times over.
test("three significant digits, the unit once", () => {
  /** @type {[number, Unit, string][]} */
  const known = [
    [0, "ns", "0 s"],
    [1, "ns", "1 ns"],
    [999, "ns", "999 ns"],
    [999.6, "ns", "1.00 µs"],
    [999_600, "ns", "1.00 ms"],
    [12_250_000, "ns", "12.2 ms"],
    [12_350_000, "ns", "12.3 ms"],
    [1_240_000_000, "ns", "1.24 s"],
    [1_125_000_000, "ns", "1.12 s"],
    [59_940_000_000, "ns", "59.9 s"],
    [59_950_000_000, "ns", "1 min 0 s"],
    [724e9, "ns", "12 min 4 s"],
    [7_500e9, "ns", "2 h 5 min"],
    [-1_240_000, "ns", "-1.24 ms"],
    [0, "bytes", "0 B"],
    [1536, "bytes", "1.50 KiB"],
    [1024 ** 3 * 2.5, "bytes", "2.50 GiB"],
    [1234567, "count", "1,234,567"],
    [2.5, "count", "2"],
    [-12, "count", "-12"],
  ];
  for (const [value, unit, text] of known) assert.equal(formatValue(value, unit), text);
});

test("counts and shares", () => {
  assert.deepEqual([0, 999, 1000, 1e15].map(formatCount), ["0", "999", "1,000", "1,000,000,000,000,000"]);
  assert.deepEqual(
    [0, 1e-9, 0.001, 0.362, 0.9994, 0.9996, 1, 1.5, -0.2].map(formatPercent),
    ["0 %", "<0.1 %", "0.1 %", "36.2 %", "99.9 %", "100 %", "100 %", "150 %", "-20.0 %"],
  );
});
