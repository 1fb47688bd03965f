/** The panel: controls, what is running, captures, the one that is shown, and a line that says what happened. */

import { createWire } from "./panel_wire.js";
import { jobWords, kindName } from "./panel_words.js";
import { createCaptures } from "./ui_captures.js";
import { createControl } from "./ui_control.js";
import { h } from "./ui_dom.js";
import { createResult } from "./ui_result.js";
import { createRunning } from "./ui_running.js";

/** @import { Capture, Choices, Message, Model } from "./panel_types.js" */
/** @import { Wire } from "./panel_wire.js" */

/** When to say hello (ms): a front end opens its way past a running cell a moment after the panel is there. */
const HELLOS = [0, 1500, 4000];

const SLOW = "The kernel answers when the running cell has ended.";
const NO_WAY = "While a cell runs, this front end's buttons wait for its end: it opens no subshell.";

/**
 * @param {Model} model
 * @param {HTMLElement} host
 */
export function createBoard(model, host) {
  const end = new AbortController();
  const { signal } = end;
  const status = createStatus();
  const wire = createWire(model, status.late);
  const actions = createActions(wire, status, () => parts);
  /** @type {Choices} */
  const choices = model.get("choices");
  const control = createControl(choices.kinds, actions.start);
  const running = createRunning(actions.stop, signal);
  const captures = createCaptures(wire, choices.formats, { ...actions, hide: () => shown.close(), empty: () => control.focus() });
  const shown = createShown(captures.mark, signal);
  const parts = { control, running, captures, shown };

  wire.on("state", actions.take);
  wire.on("live", (message) => running.update(message.running));
  wire.on("job", ({ job }) => {
    captures.take(job);
    if (job.phase === "done" || job.phase === "failed") status.say(`#${job.number}: ${jobWords(job)}`, job.phase === "failed");
  });
  for (const [index, wait] of HELLOS.entries()) {
    const timer = setTimeout(() => void actions.hello(index === HELLOS.length - 1), wait);
    signal.addEventListener("abort", () => clearTimeout(timer));
  }
  host.append(control.element, running.element, captures.element, shown.element, status.element);
  return () => {
    end.abort();
    wire.close();
  };
}

/** The line at the bottom: what happened last, and whether the kernel can answer. */
function createStatus() {
  const said = h("p", { class: "clip", role: "status" }, "Connecting to the kernel…");
  const way = h("p", { class: "way muted" });
  return {
    element: h("footer", {}, said, way),
    /** @param {string} text @param {boolean} [wrong] */
    say(text, wrong = false) {
      said.textContent = said.title = text;
      said.dataset.wrong = String(wrong);
    },
    connected() {
      if (said.textContent?.startsWith("Connecting")) said.textContent = "";
    },
    /** @param {number} count of answers that are late */
    late(count) {
      way.textContent = count ? SLOW : "";
    },
    noWay() {
      way.textContent ||= NO_WAY;
    },
  };
}

/** @typedef {{control: ReturnType<typeof createControl>, running: ReturnType<typeof createRunning>, captures: ReturnType<typeof createCaptures>, shown: ReturnType<typeof createShown>}} Parts */

/**
 * What the buttons do: ask the kernel, and let the parts show what it answers.
 * @param {Wire} wire
 * @param {ReturnType<typeof createStatus>} status
 * @param {() => Parts} parts
 */
function createActions(wire, status, parts) {
  const way = { direct: false };

  /** @param {Message} message */
  function take({ running, captures }) {
    if (running) parts().running.update(running);
    if (captures) parts().captures.update(captures);
  }
  /** Ask; null where it went wrong, which is said. @param {string} what @param {object} [facts] */
  async function ask(what, facts) {
    const answer = await wire.ask(what, facts);
    way.direct ||= answer.direct;
    if (answer.error) status.say(answer.error, true);
    take(answer);
    return answer.error ? null : answer;
  }
  /** @param {Capture} capture */
  async function show(capture) {
    const answer = await ask("show", { number: capture.number });
    if (answer) parts().shown.open(capture, answer.page);
  }
  return {
    take,
    show,
    /** @param {string} kind @param {object} options @param {string} name */
    async start(kind, options, name) {
      const answer = await ask("start", { kind, options, name });
      if (answer) status.say(`#${answer.number} records ${kindName(kind)}`);
      return answer !== null;
    },
    /** @param {number} number */
    async stop(number) {
      const answer = await ask("stop", { number });
      if (!answer) return;
      status.say(`#${number} ended`);
      const capture = /** @type {Capture[]} */ (answer.captures).find((one) => one.number === number);
      if (capture) await show(capture);
    },
    /** @param {Capture} capture */
    save: ({ number }) => ask("export", { number, destination: "" }),
    /** @param {Capture} capture */
    async forget({ number }) {
      if (!(await ask("forget", { number }))) return;
      status.say(`#${number} forgotten`);
      parts().shown.forget(number);
    },
    hello: createHello(ask, way, status),
  };
}

/**
 * Ask what there is, until it is known that clicks go past a running cell.
 * @param {(what: string) => Promise<Message | null>} ask
 * @param {{direct: boolean}} way
 * @param {ReturnType<typeof createStatus>} status
 */
function createHello(ask, way, status) {
  return async (/** @type {boolean} */ last) => {
    const answer = way.direct ? null : await ask("hello");
    if (answer) status.connected();
    if (last && !way.direct) status.noWay();
  };
}

/**
 * The capture that is shown below the list.
 * @param {(number: number | null) => void} mark
 * @param {AbortSignal} signal
 */
function createShown(mark, signal) {
  const element = h("section", { class: "shown", "aria-label": "Picture", hidden: true });
  /** @type {AbortController | null} */
  let open = null;
  let number = 0;

  function close() {
    open?.abort();
    open = null;
    element.replaceChildren();
    element.hidden = true;
    mark(null);
  }
  signal.addEventListener("abort", close);
  return {
    element,
    close,
    /** @param {Capture} capture @param {string} page */
    open(capture, page) {
      open?.abort();
      open = new AbortController();
      number = capture.number;
      element.replaceChildren(createResult(page, `#${number} ${kindName(capture.kind)}`, open.signal));
      element.hidden = false;
      mark(number);
    },
    /** @param {number} gone */
    forget(gone) {
      if (gone === number) close();
    },
  };
}
