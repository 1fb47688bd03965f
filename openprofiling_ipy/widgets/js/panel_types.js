/**
 * What the live widgets and the kernel tell each other: plain JSON. Times are ms, shares are of one.
 *
 * @typedef {object} Model as much of a widget's model as is used here
 * @property {(name: string) => any} get
 * @property {(event: "msg:custom", run: (message: Message) => void) => void} on
 * @property {(event: "msg:custom", run: (message: Message) => void) => void} off
 * @property {(message: object) => void} send
 *
 * @typedef {Record<string, any> & {type: string}} Message
 *
 * @typedef {Message & {ask: number, direct: boolean, error?: string}} Answer `direct`: it was not the main shell that
 *     answered, so it can while a cell runs
 *
 * @typedef {object} Kind a profiler, with its options and their defaults
 * @property {string} name
 * @property {Record<string, number | boolean | string>} options
 *
 * @typedef {object} Choices
 * @property {Kind[]} kinds
 * @property {string[]} formats the default first
 *
 * @typedef {object} Capture
 * @property {number} number
 * @property {string} kind
 * @property {string} label what was recorded: "In[5]"
 * @property {string} name what the user called it
 * @property {number} began unix time
 * @property {number} took
 * @property {string} status "done", "interrupted", "failed", "recovered", "loaded"
 *
 * @typedef {object} Running a recording under way
 * @property {number} number
 * @property {string} kind
 * @property {string} label
 * @property {string} name
 * @property {number} elapsed
 * @property {number} samples
 * @property {number} rate what is reached, Hz
 * @property {number} asked what was asked for, Hz
 * @property {number} cost the profiler's own CPU time over the elapsed
 *
 * @typedef {object} Job an export
 * @property {number} id
 * @property {number} number the capture's
 * @property {"packing" | "sending" | "done" | "failed"} phase
 * @property {number} sent bytes
 * @property {number} size bytes, 0: not known yet
 * @property {string} place where it went, or what went wrong
 * @property {string[]} notes
 *
 * @typedef {"file" | "s3" | "gs"} PlaceKind where exports go
 */

export {};
