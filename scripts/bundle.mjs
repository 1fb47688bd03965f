/**
 * Bundle the viewer, widgets/js → widgets/static/viewer.js and viewer.css, and the live widgets: panel.js and panel.css.
 *
 * Every result in every notebook carries the script, so it travels deflated and unpacks itself: 42 KB in place of 78.
 * Written in base64, inflated by the browser, and run from a Blob, which the page's policy allows.
 *
 *     node scripts/bundle.mjs            write them
 *     node scripts/bundle.mjs --verify   prove that the committed ones are what the sources give
 *
 * Both report sizes and fail where script, style and page template together pass the limit: every result in every
 * notebook carries them. The live widgets have a limit of their own.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
// Not node's zlib: what that writes differs from machine to machine.
import { deflateSync } from "fflate";

const LIMIT = 60_000;
const PANEL_LIMIT = 40_000;
const LICENCE = "/* openprofiling_ipy viewer. Apache-2.0 */";

const widgets = fileURLToPath(new URL("../openprofiling_ipy/widgets/", import.meta.url));

/** @type {import("esbuild").BuildOptions & {write: false}} */
const COMMON = {
  outdir: `${widgets}static`,
  absWorkingDir: widgets,
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "none",
  write: false,
  logLevel: "warning",
};

/**
 * The script as one that unpacks and runs it. Importing leaves the document as it was, so that it can be exported.
 * @param {string} script
 */
function packed(script) {
  const data = Buffer.from(deflateSync(new TextEncoder().encode(script), { level: 9, mem: 12 })).toString("base64");
  return `${LICENCE}
(async()=>{const p=Uint8Array.from(atob("${data}"),c=>c.charCodeAt(0));
const s=await new Response(new Blob([p]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
await import(URL.createObjectURL(new Blob([s],{type:"text/javascript"})))})().catch(e=>document.body.append("The picture cannot be drawn here: "+e));
`;
}

/** The live widgets: a module that a notebook's page imports, so that it cannot unpack itself. */
async function panel() {
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: { panel: `${widgets}js/main_panel.js`, "panel-style": `${widgets}js/panel.css` },
    format: "esm",
    banner: { js: LICENCE, css: LICENCE },
  });
  const text = (/** @type {string} */ name) => outputFiles.find((file) => basename(file.path) === name)?.text ?? "";
  return [
    { path: `${widgets}static/panel.js`, text: text("panel.js") },
    { path: `${widgets}static/panel.css`, text: text("panel-style.css") },
  ];
}

/** The same sources always give the same bytes: no paths, no times, a pinned bundler. */
async function bundle() {
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: { viewer: `${widgets}js/main.js`, style: `${widgets}js/style.css` },
    format: "iife",
    banner: { css: LICENCE },
  });
  const text = (/** @type {string} */ name) => outputFiles.find((file) => basename(file.path) === name)?.text ?? "";
  return [
    { path: `${widgets}static/viewer.js`, text: packed(text("viewer.js")) },
    { path: `${widgets}static/viewer.css`, text: text("style.css") },
  ];
}

/** @param {string} path */
function committed(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const verify = process.argv.includes("--verify");
const viewer = await bundle();
const live = await panel();
const template = `${widgets}static/page.html`;

/**
 * Report the sizes of what travels together. @param {{path: string, text: string}[]} files @param {number} limit
 */
function weigh(files, limit) {
  let total = 0;
  for (const { path, text } of files) {
    const size = Buffer.byteLength(text);
    total += size;
    console.log(`${basename(path).padEnd(12)} ${String(size).padStart(7)} bytes, ${gzipSync(text).length} gzipped`);
  }
  console.log(`${"together".padEnd(12)} ${String(total).padStart(7)} bytes of ${limit}`);
  if (total <= limit) return;
  console.error(`${total - limit} bytes too many`);
  process.exitCode = 1;
}

weigh([...viewer, { path: template, text: committed(template) }], LIMIT);
weigh(live, PANEL_LIMIT);
const stale = [...viewer, ...live].filter(({ path, text }) => committed(path) !== text);
if (!verify) for (const { path, text } of stale) writeFileSync(path, text);
if (verify && stale.length) {
  console.error(`not what the sources give: ${stale.map(({ path }) => basename(path)).join(", ")}; run npm run build`);
  process.exitCode = 1;
}
