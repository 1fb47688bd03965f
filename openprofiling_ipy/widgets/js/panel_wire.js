/**
 * Questions to the kernel and their answers, over a widget's custom messages: nothing of it is ever saved.
 *
 * A kernel that is busy answers late: who asks is told when that lasts, so that a button can say so.
 */

/** @import { Answer, Message, Model } from "./panel_types.js" */

/** Milliseconds after which an answer is late. */
const LATE = 700;

/** @typedef {ReturnType<typeof createWire>} Wire */

/**
 * @param {Model} model
 * @param {(count: number) => void} late hears how many answers are late now
 */
export function createWire(model, late) {
  let last = 0;
  /** Who waits for an answer, by the question's number. @type {Map<number, (answer: Answer) => void>} */
  const asked = new Map();
  /** The questions whose answers are late. @type {Set<number>} */
  const overdue = new Set();
  /** @type {Map<string, (message: Message) => void>} */
  const heard = new Map();

  /** @param {Message} message */
  function hear(message) {
    if (message.type === "answer") asked.get(message.ask)?.(/** @type {Answer} */ (message));
    else heard.get(message.type)?.(message);
  }
  model.on("msg:custom", hear);

  return {
    /**
     * Ask, and wait for the answer, however long it takes; what went wrong is its `error`.
     * @param {string} what
     * @param {object} [facts]
     * @returns {Promise<Answer>}
     */
    ask(what, facts = {}) {
      const number = ++last;
      return new Promise((resolve) => {
        const timer = setTimeout(() => late(overdue.add(number).size), LATE);
        asked.set(number, (answer) => {
          asked.delete(number);
          clearTimeout(timer);
          // Those asked earlier went another way, before the one past a running cell was open: nobody waits for them.
          for (const one of overdue) if (one <= number) overdue.delete(one);
          late(overdue.size);
          resolve(answer);
        });
        model.send({ ...facts, do: what, ask: number });
      });
    },
    /**
     * @param {string} type
     * @param {(message: Message) => void} run
     */
    on(type, run) {
      heard.set(type, run);
    },
    close() {
      model.off("msg:custom", hear);
    },
  };
}
