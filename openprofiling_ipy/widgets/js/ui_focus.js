/**
 * Whether the picture is being used. In a notebook it lies among other things: until it is clicked or tabbed into, keys
 * and wheels are the notebook's; a ring shows when they are not. A page of its own is always active.
 */

/**
 * @param {Window} page
 * @param {AbortSignal} signal ends it
 */
export function createFocus(page, signal) {
  const { documentElement: root } = page.document;
  const embedded = page.parent !== page;
  let active = false;
  let engaged = false;
  /** @param {boolean} now */
  function set(now) {
    active = now || !embedded;
    root.toggleAttribute("data-active", active);
    if (!now) engaged = false;
  }
  root.toggleAttribute("data-embedded", embedded);
  page.addEventListener("focus", () => set(true), { signal });
  page.addEventListener("blur", () => set(false), { signal });
  page.document.addEventListener("focusin", () => set(true), { signal });
  page.document.addEventListener(
    "pointerdown",
    () => {
      set(true);
      engaged = true;
    },
    { capture: true, signal },
  );
  set(false);
  return {
    /** Keys belong to the picture. */
    get active() {
      return active;
    },
    /** Plain wheels over a canvas do, too. */
    get engaged() {
      return engaged;
    },
    /** Give keys and wheels back, until the next click. */
    release() {
      if (page.document.activeElement instanceof HTMLElement) page.document.activeElement.blur();
      set(false);
    },
  };
}
