/** The export form of one capture: where to, as what, under which name; then how far it is and how it ended. */

import { destination, jobWords, SCHEMES, typedKind } from "./panel_words.js";
import { h, setAttribute } from "./ui_dom.js";

/** @import { Job, PlaceKind } from "./panel_types.js" */
/** @import { Wire } from "./panel_wire.js" */

/** Milliseconds without a key before the name is asked for. */
const PAUSE = 200;

/** @type {[PlaceKind, string, string][]} */
const PLACES = [
  ["file", "File", "a folder or a file name; empty: the notebook's folder"],
  ["s3", "S3", "bucket/prefix"],
  ["gs", "Google Cloud", "bucket/prefix"],
];
/** @type {[string, string, string][]} */
const CONNECTION = [
  ["endpoint_url", "Endpoint", "https://…"],
  ["region", "Region", ""],
  ["access_key", "Access key", ""],
  ["secret_key", "Secret key", ""],
];

/**
 * What was typed, kept for the next capture as long as the page lives, and nowhere else.
 * @typedef {{kind: PlaceKind, rest: Record<PlaceKind, string>, format: string, connection: Record<string, string>, open: boolean}} Typed
 */

/** @returns {Typed} */
export const nothingTyped = () => ({ kind: "file", rest: { file: "", s3: "", gs: "" }, format: "", connection: {}, open: false });

/**
 * @param {Wire} wire
 * @param {{number: number, formats: string[], typed: Typed, close: () => void}} about
 */
export function createSendForm(wire, { number, formats, typed, close }) {
  let job = 0;
  const fields = createFields(typed, formats, () => void name());
  const preview = h("output", { class: "preview mono", "aria-label": "Final name" });
  const go = h("button", { class: "primary", type: "submit" }, "Export");
  const progress = createProgress();

  const where = () => ({ number, destination: fields.destination(), format: typed.format || formats[0] });
  async function name() {
    const asked = where();
    const answer = await wire.ask("preview", asked);
    if (JSON.stringify(asked) !== JSON.stringify(where())) return;
    setAttribute(preview, "data-wrong", Boolean(answer.error));
    preview.textContent = answer.error ?? answer.place;
    go.disabled = Boolean(answer.error);
  }
  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    const answer = await wire.ask("export", { ...where(), connection: typed.kind === "s3" ? typed.connection : {} });
    take(answer.error ? { id: job, number, phase: "failed", sent: 0, size: 0, place: answer.error, notes: [] } : answer.job);
  }
  /** Take a step of an export, if it is this form's. @param {Job} now */
  function take(now) {
    // The thread that exports may be faster than the answer that it has begun.
    if (now.number !== number || now.id < job || (now.id === job && now.phase === "packing")) return;
    job = now.id;
    progress.tell(now);
    if (now.phase !== "done" && now.phase !== "failed") return;
    go.disabled = false;
    if (typed.kind === "file") void name();
  }
  const element = h(
    "form",
    { class: "send", "aria-label": `Export #${number}`, onsubmit: submit, onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close() },
    ...fields.elements,
    h("div", { class: "line" }, h("span", { class: "muted" }, "→"), preview, h("button", { class: "quiet", type: "button", onclick: close }, "Close"), go),
    ...progress.elements,
  );
  void name();
  return { element, take, focus: fields.focus };
}

/**
 * Where to, and as what. @param {Typed} typed @param {string[]} formats @param {() => void} changed
 */
function createFields(typed, formats, changed) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const place = h("input", { class: "field wide", type: "text", spellcheck: "false", autocomplete: "off", "aria-label": "Destination" });
  const scheme = h("span", { class: "scheme mono" });
  const format = h("select", { class: "field", "aria-label": "Format" }, ...formats.map((name) => h("option", { value: name }, name)));
  const kinds = PLACES.map(([kind, name]) => h("button", { type: "button", role: "radio", onclick: () => choose(kind) }, name));
  const connection = createConnection(typed);

  /** @param {PlaceKind} kind @param {string} [rest] */
  function select(kind, rest = typed.rest[kind]) {
    typed.kind = kind;
    typed.rest[kind] = place.value = rest;
    const at = PLACES.findIndex(([known]) => known === kind);
    kinds.forEach((button, index) => {
      setAttribute(button, "aria-checked", String(index === at));
      button.tabIndex = index === at ? 0 : -1;
    });
    scheme.textContent = SCHEMES[kind];
    scheme.hidden = !SCHEMES[kind];
    place.placeholder = PLACES[at][2];
    connection.hidden = kind !== "s3";
  }
  /** @param {PlaceKind} kind */
  function choose(kind) {
    select(kind);
    changed();
  }
  place.addEventListener("input", () => {
    const kind = typedKind(place.value);
    if (kind) select(kind, place.value.trim().slice(SCHEMES[kind].length));
    typed.rest[typed.kind] = place.value;
    clearTimeout(timer);
    timer = setTimeout(changed, PAUSE);
  });
  format.value = typed.format || formats[0];
  format.addEventListener("change", () => {
    typed.format = format.value;
    changed();
  });
  const group = { class: "group", role: "radiogroup", "aria-label": "Where to", onkeydown: (/** @type {KeyboardEvent} */ event) => walk(event, kinds) };
  const line = h("div", { class: "line" }, h("div", group, ...kinds), h("div", { class: "place" }, scheme, place), h("label", {}, h("span", { class: "muted" }, "as"), format));
  select(typed.kind);
  return { elements: [line, connection], destination: () => destination(typed.kind, place.value), focus: () => place.focus() };
}

/** How far an export is, and how it ended. */
function createProgress() {
  const bar = h("i");
  const meter = h("div", { class: "progress" }, bar);
  const said = h("p", { class: "said", role: "status" });
  return {
    elements: [meter, said],
    /** @param {Job} job */
    tell(job) {
      said.replaceChildren(jobWords(job), ...job.notes.map((note) => h("small", {}, note)));
      said.dataset.phase = meter.dataset.phase = job.phase;
      bar.style.width = job.size && job.sent ? `${(100 * job.sent) / job.size}%` : "";
    },
  };
}

/** What a connection needs where the kernel's own settings do not say. @param {Typed} typed */
function createConnection(typed) {
  const fields = CONNECTION.map(([key, label, hint]) => {
    const secret = key === "secret_key";
    const field = h("input", { class: "field", type: secret ? "password" : "text", placeholder: hint, spellcheck: "false", autocomplete: "off", "data-key": key });
    field.value = typed.connection[key] ?? "";
    field.addEventListener("input", () => (typed.connection[key] = field.value));
    return h("label", {}, h("span", { class: "muted" }, label), field);
  });
  const element = h(
    "details",
    { class: "connection" },
    h("summary", {}, "Connection"),
    h("div", { class: "line" }, ...fields),
    h("p", { class: "muted" }, "Left empty, the kernel's own AWS settings count. What is typed here serves these uploads only and is never saved with the notebook."),
  );
  element.open = typed.open;
  element.addEventListener("toggle", () => (typed.open = element.open));
  return element;
}

/**
 * The arrow keys go through a group of choices.
 * @param {KeyboardEvent} event
 * @param {HTMLElement[]} buttons
 */
export function walk(event, buttons) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const at = buttons.indexOf(/** @type {HTMLElement} */ (event.target));
  if (!step || at < 0) return;
  event.preventDefault();
  const next = buttons[(at + step + buttons.length) % buttons.length];
  next.click();
  next.focus();
}
