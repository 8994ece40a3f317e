/**
 * Elements made from text: nothing from a stream is ever parsed as markup here.
 *
 * @module
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { formatSeconds } from "../words.ts";
import { visibleText } from "../../../kit/text/visible.ts";
import { foldersOf } from "./folders.ts";
import type { Tests } from "./model.ts";

/** The value of an attribute; undefined or false leave it out. */
type Value = string | number | boolean | undefined;

/** Makes an element. Strings become text. */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** Marks that tell outcomes apart without colour. */
export const GLYPHS: Readonly<Record<string, string>> = {
  success: "✓",
  fail: "✗",
  uxsuccess: "!",
  lost: "?",
  skip: "–",
  xfail: "≈",
};

/** The outcome of a test: mark and word. */
export function badge(outcome: string): HTMLElement {
  const glyph = el(
    "span",
    { class: "glyph", "aria-hidden": "true" },
    GLYPHS[outcome] ?? "?",
  );
  return el("span", { class: `badge ${outcome}` }, glyph, outcome);
}

/** An id: its folders in the background, its name in front. */
function idElement(id: string): HTMLElement {
  const folders = foldersOf(id).join("");
  return el(
    "bdi",
    { class: "id" },
    el("span", { class: "path" }, visibleText(folders)),
    el("span", { class: "name" }, visibleText(id.slice(folders.length))),
  );
}

/** What a line about a test names: its id, or what is damaged. */
export function nameElement(tests: Tests, test: number): HTMLElement {
  return tests.isDamage(test)
    ? el("bdi", { class: "id" }, visibleText(tests.headline(test)))
    : idElement(tests.id(test));
}

/** The seconds of a test; empty if they are not known. */
export function secondsText(tests: Tests, test: number): string {
  const seconds = tests.seconds(test);
  return seconds === undefined ? "" : formatSeconds(seconds);
}

/** The address of a test in this report. */
export function testAddress(test: number): string {
  return `#test=${test + 1}`;
}

/** A bar that shows a share between 0 and 1. */
export function bar(share: number): HTMLElement {
  const filled = el("span", { class: "filled" });
  filled.style.width = `${(100 * Math.min(1, share)).toFixed(2)}%`;
  return el("span", { class: "share", "aria-hidden": "true" }, filled);
}

/** Moves the focus without moving the page. */
export function focusQuietly(element: HTMLElement | null | undefined): void {
  element?.focus({ preventScroll: true });
}
