import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { encode, toFolded, toSpeedscope } from "../../openprofiling_ipy/widgets/js/exports.js";
import { decode, unpack } from "../../openprofiling_ipy/widgets/js/profile.js";
import { generated } from "./generate.js";
import { block, profileOf } from "./pictures.js";

test("columns and back", () => {
  for (let seed = 0; seed < 30; seed++) {
    const profile = generated(seed, { stacks: 40, samples: 60, functions: 6, depth: 5, threads: 2, timed: seed % 2 === 0 });
    const columns = JSON.parse(JSON.stringify(encode(profile)));
    assert.deepEqual(decode(columns), profile);
    assert.deepEqual(JSON.parse(toSpeedscope(profile)).openprofiling, columns);
  }
});

test("packed data unpack, damaged ones are refused", async () => {
  const data = { profile: encode(generated(1, { stacks: 9, samples: 9, functions: 3, depth: 3 })), view: { title: "ä·" } };
  const packed = deflateRawSync(Buffer.from(JSON.stringify(data))).toString("base64");
  assert.deepEqual(await unpack(`\n${packed}\n`), data);
  await assert.rejects(unpack(packed.slice(0, packed.length / 2)));
  await assert.rejects(unpack("not base64!"));
});

test("columns of another version are refused in words", () => {
  const columns = encode(generated(1, { stacks: 9, samples: 9, functions: 3, depth: 3 }));
  assert.throws(() => decode({ ...columns, version: /** @type {1} */ (/** @type {unknown} */ (2)) }), /version 2/);
});

test("folded: names that would break a line are escaped, lanes named where there are several", () => {
  const profile = profileOf(`
    @MainThread
    3   main=1 a;b
    2   main=1 x.py|c=4
    1   -
    ~@other one
    5   #c [no␣stack]
  `);
  profile.strings[profile.strings.indexOf("[no␣stack]")] = "[no stack]";
  assert.equal(
    toFolded(profile).trimEnd(),
    block(`
      [other thread other one];%23c;%5Bno stack] 5
      [thread MainThread];[no stack] 1
      [thread MainThread];main (:1);a%3Bb 3
      [thread MainThread];main (:1);c (x.py:4) 2
    `),
  );
});

test("speedscope: a frame a function, a profile a lane, the heaviest of the user's lanes first", () => {
  const profile = profileOf(`
    cpu:ns
    @a
    3   main:1 f=7:2
    @b
    4   main:5
    ~@c
    9   -
  `);
  const file = JSON.parse(toSpeedscope(profile));
  assert.deepEqual(file.shared.frames, [{ name: "main" }, { name: "f", line: 7 }]);
  assert.equal(file.activeProfileIndex, 1);
  assert.deepEqual(
    file.profiles.map((/** @type {any} */ one) => [one.name, one.unit, one.endValue, one.samples, one.weights]),
    [["a", "nanoseconds", 3, [[0, 1]], [3]], ["b", "nanoseconds", 4, [[0]], [4]], ["c", "nanoseconds", 9, [[]], [9]]],
  );
});
