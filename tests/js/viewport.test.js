import assert from "node:assert/strict";
import { test } from "node:test";
import { between, clamp, ease, fit, pan, reveal, same, whole, zoom } from "../../openprofiling_ipy/widgets/js/viewport.js";
import { random } from "./generate.js";

/** @import { Boxes, Extent, Viewport } from "../../openprofiling_ipy/widgets/js/types.js" */

const EXTENT = { x0: 0, x1: 1000, rows: 50, seen: 20, narrowest: 4 };
const BOX = /** @type {Boxes} */ ({ x0: Float64Array.of(100, 0), x1: Float64Array.of(300, 1000), row: Int32Array.of(30, 0) });

/**
 * @param {Viewport} view
 * @param {Extent} extent
 */
function inBounds(view, extent) {
  const slack = 1e-6;
  assert.ok(view.x0 >= extent.x0 - slack && view.x1 <= extent.x1 + slack && view.x1 - view.x0 >= Math.min(extent.narrowest, extent.x1 - extent.x0) - slack);
  assert.ok(view.top >= 0 && view.top <= Math.max(extent.rows - extent.seen, 0));
}

test("no zoom and no pan leaves the picture", () => {
  const next = random(1);
  let view = whole(EXTENT);
  for (let i = 0; i < 5000; i++) {
    view = next() < 0.5 ? zoom(view, EXTENT, 4 ** (next() * 2 - 1), view.x0 + next() * (view.x1 - view.x0)) : pan(view, EXTENT, (next() - 0.5) * 500, (next() - 0.5) * 60);
    inBounds(view, EXTENT);
  }
  inBounds(clamp({ x0: -5, x1: 5000, top: -3 }, EXTENT), EXTENT);
});

test("zooming keeps the point under the pointer", () => {
  const view = { x0: 200, x1: 600, top: 0 };
  const closer = zoom(view, EXTENT, 2, 300);
  assert.deepEqual(closer, { x0: 250, x1: 450, top: 0 });
  assert.deepEqual(zoom(closer, EXTENT, 0.5, 300), view);
});

test("at the edge the width stays", () => {
  assert.deepEqual(pan({ x0: 100, x1: 300, top: 5 }, EXTENT, -500, 0), { x0: 0, x1: 200, top: 5 });
  assert.deepEqual(pan({ x0: 100, x1: 300, top: 5 }, EXTENT, 5000, 100), { x0: 800, x1: 1000, top: 30 });
});

test("fit shows a box over the whole width, scrolling no more than it must", () => {
  assert.deepEqual(fit(whole(EXTENT), EXTENT, BOX, 0), { x0: 100, x1: 300, top: 11 });
  assert.deepEqual(fit({ x0: 0, x1: 1000, top: 20 }, EXTENT, BOX, 0), { x0: 100, x1: 300, top: 20 });
});

test("reveal moves only where it must", () => {
  const seen = { x0: 50, x1: 450, top: 25 };
  assert.deepEqual(reveal(seen, EXTENT, BOX, 0), seen);
  assert.deepEqual(reveal({ x0: 400, x1: 800, top: 25 }, EXTENT, BOX, 0), { x0: 0, x1: 400, top: 25 });
  assert.deepEqual(reveal({ x0: 400, x1: 500, top: 0 }, EXTENT, BOX, 1), { x0: 400, x1: 500, top: 0 });
});

test("a move starts and ends where it should and goes one way", () => {
  const [from, to] = [{ x0: 0, x1: 1000, top: 0 }, { x0: 400, x1: 402, top: 8 }];
  assert.deepEqual(between(from, to, 1), to);
  assert.deepEqual(between(from, to, 0), from);
  let last = from;
  for (let t = 0.05; t < 1; t += 0.05) {
    const now = between(from, to, t);
    assert.ok(now.x0 > last.x0 && now.x1 < last.x1 && now.top > last.top);
    assert.ok(Math.abs((now.x1 - now.x0) / (last.x1 - last.x0) - (2 / 1000) ** 0.05) < 1e-9);
    last = now;
  }
  assert.deepEqual(between({ x0: 0, x1: 10, top: 0 }, { x0: 20, x1: 30, top: 0 }, 0.5), { x0: 10, x1: 20, top: 0 });
  assert.deepEqual([ease(-1), ease(0), ease(1), ease(2)], [0, 0, 1, 1]);
  assert.ok(same(from, { ...from }) && !same(from, to));
});

test("an empty picture has a viewport too", () => {
  const nothing = { x0: 0, x1: 0, rows: 0, seen: 10, narrowest: 1 };
  assert.deepEqual(whole(nothing), { x0: 0, x1: 0, top: 0 });
  assert.deepEqual(zoom(whole(nothing), nothing, 2, 0), { x0: 0, x1: 0, top: 0 });
});
