/** What the viewer knows and the one gate through which it draws. */

/**
 * A place for state: `set` changes fields, `watch` hears of those it names. Watchers run at once, in order of
 * registration; what draws goes through a gate and so runs once a frame.
 *
 * @template {object} S
 * @param {S} initial
 */
export function createStore(initial) {
  let state = initial;
  /** @type {Set<{keys: (keyof S)[], run: () => void}>} */
  const watchers = new Set();
  return {
    get state() {
      return state;
    },
    /** @param {Partial<S>} patch */
    set(patch) {
      const keys = /** @type {(keyof S)[]} */ (Object.keys(patch));
      const changed = keys.filter((key) => !Object.is(state[key], patch[key]));
      if (!changed.length) return;
      state = { ...state, ...patch };
      for (const watcher of [...watchers]) {
        if (watchers.has(watcher) && watcher.keys.some((key) => changed.includes(key))) watcher.run();
      }
    },
    /**
     * Call `run` after each change of one of `keys`. Returns what ends it.
     *
     * @param {(keyof S)[]} keys
     * @param {() => void} run
     */
    watch(keys, run) {
      const watcher = { keys, run };
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

/**
 * The gate: however often a job is asked for, it runs once in the next animation frame.
 *
 * @param {(run: (now: number) => void) => void} request calls its argument in the next animation frame
 */
export function createGate(request) {
  /** @type {Set<(now: number) => void>} */
  let due = new Set();
  /** @param {number} now */
  const run = (now) => {
    const jobs = due;
    due = new Set();
    for (const job of jobs) job(now);
  };
  return {
    /** @param {(now: number) => void} job */
    ask(job) {
      if (!due.size) request(run);
      due.add(job);
    },
    /** @param {(now: number) => void} job */
    drop(job) {
      due.delete(job);
    },
  };
}

/** @typedef {ReturnType<typeof createGate>} Gate */

/**
 * Remember the last result of `make` for as long as its arguments stay the same.
 *
 * @template {unknown[]} A
 * @template R
 * @param {(...args: A) => R} make
 * @returns {(...args: A) => R}
 */
export function remember(make) {
  /** @type {A | null} */
  let last = null;
  /** @type {R} */
  let result;
  return (...args) => {
    const known = last;
    if (!known || args.some((value, i) => !Object.is(value, known[i]))) {
      result = make(...args);
      last = args;
    }
    return result;
  };
}
