import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createWire } from "../../openprofiling_ipy/widgets/js/panel_wire.js";
import { clock, destination, jobWords, kindName, liveNumbers, optionWords, subject, took, typedKind } from "../../openprofiling_ipy/widgets/js/panel_words.js";

/** @import { Message, Model } from "../../openprofiling_ipy/widgets/js/panel_types.js" */

test("clocks run in tenths and show hours when there are any", () => {
  const known = { 0: "0:00.0", 3449: "0:03.4", 59_999: "0:59.9", 60_000: "1:00.0", 3_599_900: "59:59.9", 3_723_000: "1:02:03" };
  for (const [ms, text] of Object.entries(known)) assert.equal(clock(Number(ms)), text);
  assert.equal(clock(-5), "0:00.0");
});

test("words of the panel", () => {
  assert.equal(kindName("cpu"), "CPU");
  assert.equal(kindName("calls"), "Calls");
  assert.deepEqual(optionWords("rate"), ["Rate", "Hz"]);
  assert.deepEqual(optionWords("some_thing"), ["Some thing", ""]);
  assert.equal(took(842), "842 ms");
  const capture = { number: 1, kind: "cpu", label: "In[5]", name: "train", began: 0, took: 1, status: "done" };
  assert.equal(subject(capture), "train · In[5]");
  assert.equal(subject({ ...capture, name: "" }), "In[5]");
  const running = { number: 1, kind: "cpu", label: "", name: "", began: 0, elapsed: 1, samples: 12345, rate: 96.6, asked: 100, cost: 0.0123 };
  assert.deepEqual(liveNumbers(running), { samples: "12,345", rate: "97 of 100 Hz", cost: "1.2 %" });
});

test("destinations: the scheme is the chosen one, typed or not", () => {
  assert.equal(destination("file", " out/ "), "out/");
  assert.equal(destination("s3", "bucket/x"), "s3://bucket/x");
  assert.equal(destination("s3", "s3://bucket/x"), "s3://bucket/x");
  assert.equal(destination("gs", "/bucket"), "gs://bucket");
  assert.equal(typedKind("S3://b"), "s3");
  assert.equal(typedKind(" gs://b"), "gs");
  assert.equal(typedKind("b/c"), null);
});

test("an export says what it does", () => {
  const job = { id: 1, number: 3, sent: 0, size: 0, place: "s3://b/x", notes: [] };
  assert.equal(jobWords({ ...job, phase: "packing" }), "Packing…");
  assert.equal(jobWords({ ...job, phase: "sending", sent: 1 << 20, size: 4 << 20 }), "Sending: 1.00 MiB of 4.00 MiB");
  assert.equal(jobWords({ ...job, phase: "done" }), "Exported to s3://b/x");
  assert.equal(jobWords({ ...job, phase: "failed", place: "no" }), "no");
});

/** A kernel that answers when it is told to. */
function createKernel() {
  /** @type {((message: Message) => void)[]} */
  const listeners = [];
  /** @type {any[]} */
  const sent = [];
  /** @type {Model} */
  const model = {
    get: () => "",
    on: (_event, run) => void listeners.push(run),
    off: (_event, run) => void listeners.splice(listeners.indexOf(run), 1),
    send: (message) => void sent.push(message),
  };
  return { model, sent, listeners, say: (/** @type {Message} */ message) => listeners.forEach((run) => run(message)) };
}

test("answers find their questions, other messages their listeners", async () => {
  const { model, sent, listeners, say } = createKernel();
  const wire = createWire(model, () => {});
  /** @type {Message[]} */
  const heard = [];
  wire.on("state", (message) => heard.push(message));
  const first = wire.ask("show", { number: 3 });
  const second = wire.ask("hello");
  assert.deepEqual(sent, [{ number: 3, do: "show", ask: 1 }, { do: "hello", ask: 2 }]);
  say({ type: "answer", ask: 2, direct: true });
  say({ type: "answer", ask: 1, direct: true, page: "x" });
  say({ type: "answer", ask: 9, direct: true });
  say({ type: "state", running: [] });
  say({ type: "news" });
  assert.equal((await first).page, "x");
  assert.equal((await second).ask, 2);
  assert.equal(heard.length, 1);
  wire.close();
  assert.equal(listeners.length, 0);
});

test("late answers are told, and no longer when a newer question was answered first", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { model, say } = createKernel();
    /** @type {number[]} */
    const late = [];
    const wire = createWire(model, (count) => void late.push(count));
    void wire.ask("hello");
    mock.timers.tick(800);
    assert.deepEqual(late, [1]);
    void wire.ask("hello");
    say({ type: "answer", ask: 2, direct: true });
    assert.equal(late.at(-1), 0);
  } finally {
    mock.timers.reset();
  }
});
