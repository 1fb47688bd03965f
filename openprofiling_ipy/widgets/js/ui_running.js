/** What is being recorded now: a clock that runs, what it has cost so far, Stop. */

import { clock, kindName, liveNumbers, subject } from "./panel_words.js";
import { h, setAttribute } from "./ui_dom.js";

/** @import { Running } from "./panel_types.js" */

/** Milliseconds between two steps of the clock. */
const STEP = 100;

/**
 * @param {(number: number) => Promise<unknown>} stop
 * @param {AbortSignal} signal ends it
 */
export function createRunning(stop, signal) {
  /** @type {Map<number, ReturnType<typeof createRow>>} */
  const rows = new Map();
  const nothing = h("p", { class: "muted" }, "Nothing is being recorded. Start records the cells that run from now on, also one that is running.");
  const element = h("section", { class: "now", "aria-label": "Recording now" }, nothing);
  const timer = setInterval(() => rows.forEach((row) => row.tick()), STEP);
  signal.addEventListener("abort", () => clearInterval(timer));

  return {
    element,
    /** @param {Running[]} running */
    update(running) {
      for (const [number, row] of rows) {
        if (running.some((one) => one.number === number)) continue;
        row.element.remove();
        rows.delete(number);
      }
      for (const one of running) {
        let row = rows.get(one.number);
        if (!row) {
          row = createRow(one, stop);
          rows.set(one.number, row);
          element.append(row.element);
        }
        row.update(one);
      }
      nothing.hidden = rows.size > 0;
    },
  };
}

/**
 * @param {Running} first
 * @param {(number: number) => Promise<unknown>} stop
 */
function createRow(first, stop) {
  const time = h("output", { class: "clock num", "aria-label": "Elapsed", "aria-live": "off" });
  const facts = { samples: h("b", { class: "num" }), rate: h("b", { class: "num" }), cost: h("b", { class: "num" }) };
  const what = h("span", { class: "clip" });
  const button = h("button", { class: "stop", type: "button", "aria-label": `Stop #${first.number}`, onclick: press }, h("i", { class: "square" }), "Stop");
  const fact = (/** @type {keyof typeof facts} */ key, /** @type {string} */ label, /** @type {string} */ title) =>
    h("span", { class: "fact", title }, facts[key], h("small", { class: "muted" }, label));
  const element = h(
    "div",
    { class: "running" },
    h("i", { class: "pulse" }),
    h("b", {}, `#${first.number} ${kindName(first.kind)}`),
    what,
    time,
    fact("samples", "samples", "How often the profiler has looked"),
    fact("rate", "reached", "Looks a second, and what was asked for"),
    fact("cost", "of a core", "The profiler's own CPU time"),
    button,
  );
  let elapsed = 0;
  let at = 0;

  async function press() {
    if (button.ariaBusy === "true") return;
    setAttribute(button, "aria-busy", "true");
    await stop(first.number);
    setAttribute(button, "aria-busy", null);
  }
  function tick() {
    time.textContent = clock(elapsed + performance.now() - at);
  }
  return {
    element,
    tick,
    /** @param {Running} now */
    update(now) {
      elapsed = now.elapsed;
      at = performance.now();
      what.textContent = what.title = subject(now);
      const words = liveNumbers(now);
      facts.samples.textContent = words.samples;
      facts.rate.textContent = words.rate;
      facts.cost.textContent = words.cost;
      tick();
    },
  };
}
