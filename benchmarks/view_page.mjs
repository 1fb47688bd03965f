/**
 * What `view.py` runs inside the page: makes the data, opens the viewer on it and takes the time.
 *
 * The end of a picture is the end of the frame that drew it, not the call that asked for it.
 */

import { encode, toSpeedscope } from "../openprofiling_ipy/widgets/js/exports.js";
import { unpack } from "../openprofiling_ipy/widgets/js/profile.js";
import { generated } from "../tests/js/generate.js";

/** @import { Columns } from "../openprofiling_ipy/widgets/js/profile.js" */
/** @import { ViewFacts } from "../openprofiling_ipy/widgets/js/types.js" */

/** @type {any} */
const page = globalThis;

const FILES = ["In[1]", "pandas/frame.py", "numpy/core.py", "json/decoder.py"];

/**
 * Every file is of a package and none the user's own, so nothing is folded at first: every stack has its box, and boxes
 * side by side have different colours.
 * @param {string[]} strings
 * @returns {ViewFacts}
 */
function viewOf(strings) {
  const colors = FILES.map((_, i) => ({ light: `hsl(${i * 90} 40% 80%)`, dark: "#444", ink_light: "#000", ink_dark: "#fff" }));
  return {
    title: "benchmark", facts: [], notes: [], value: "wall", cell: "", export: "", filename: "benchmark", height: 460,
    places: FILES.map((short, i) => ({ kind: "package", package: `p${i}`, short })),
    file_place: Object.fromEntries(FILES.map((file, i) => [String(strings.indexOf(file)), i])),
    packages: Object.fromEntries(colors.map((color, i) => [`p${i}`, color])),
  };
}

/** @type {{columns: Columns, view: ViewFacts, packed: string, speedscope: Blob}} */
let data;

/**
 * @param {{stacks: number, samples: number, depth: number}} shape
 * @param {boolean} file whether to write what speedscope reads
 */
async function prepare(shape, file) {
  const profile = generated(1, { ...shape, functions: 20_000, rooted: true });
  const columns = encode(profile);
  const view = viewOf(columns.strings);
  const text = new Blob([JSON.stringify({ profile: columns, view })]);
  const bytes = new Uint8Array(await new Response(text.stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer());
  let binary = "";
  for (let i = 0; i < bytes.length; i += 32768) binary += String.fromCharCode(...bytes.subarray(i, i + 32768));
  data = { columns, view, packed: btoa(binary), speedscope: new Blob([file ? toSpeedscope(profile) : ""]) };
  return data.packed.length;
}

/** The moment after the next frame is drawn. @returns {Promise<number>} */
function drawn() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now());
      port2.postMessage(null);
    });
  });
}

/** @param {() => boolean} done */
async function until(done) {
  let now = await drawn();
  while (!done()) now = await drawn();
  return now;
}

/** From columns in memory to the first picture, ms. @param {boolean} fromText from the text of a saved page instead */
async function first(fromText) {
  const host = document.getElementById("oprof");
  performance.clearMeasures();
  const start = performance.now();
  page.oprofOpen(host, fromText ? await unpack(data.packed) : { profile: data.columns, view: data.view });
  return (await until(() => performance.getEntriesByName("oprof:frame").length > 0)) - start;
}

/** A click on a tab until its picture stands, ms. @param {string} label */
async function tab(label) {
  const button = [...document.querySelectorAll("button")].find((one) => one.textContent?.includes(label));
  performance.clearMeasures();
  const start = performance.now();
  button?.click();
  return (await until(() => performance.getEntriesByName("oprof:frame").length > 0)) - start;
}

/** A key pressed in speedscope until two frames later, ms. @param {string} key */
async function key(key) {
  const start = performance.now();
  window.dispatchEvent(new KeyboardEvent("keypress", { key }));
  await drawn();
  return (await drawn()) - start;
}

/** Take the time from the choice of a file until a word shows, into `loaded_ms`. @param {string} word */
function watch(word) {
  document.addEventListener("change", async () => {
    const start = performance.now();
    page.loaded_ms = (await until(() => document.body.innerText.includes(word))) - start;
  }, true);
}

/** Download the profile as speedscope reads it. */
function save() {
  const link = document.createElement("a");
  link.download = "same.speedscope.json";
  link.href = URL.createObjectURL(data.speedscope);
  link.click();
}

page.bench = { prepare, first, tab, key, watch, save };
