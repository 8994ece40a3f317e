/**
 * Lists of tests that open in place: failures, flaky and slow tests.
 *
 * @module
 */

import { formatCount } from "../words.ts";
import { visibleText } from "../../../kit/text/visible.ts";
import { badge, el, nameElement, secondsText } from "./dom.ts";
import type { Tests } from "./model.ts";

/** What lists need of the page. */
export interface Page {
  readonly tests: Tests;
  /** Makes the body of a test. */
  bodyOf(test: number): HTMLElement;
  /** Opens a test and closes it again, and keeps that in the address. */
  toggle(test: number, isOpen: boolean): void;
}

/** How many items of a list are shown, and added at a time. */
const FIRST_ITEMS = 20, MORE_ITEMS = 200;

/** A line for a test, which opens into its body. */
export function caseElement(
  page: Page,
  test: number,
  extra: Node | string = "",
): HTMLDetailsElement {
  const { tests } = page;
  const facts = el("span", { class: "facts" });
  for (const tag of tests.tags(test)) {
    // Its group is called like the fault.
    if (tag.startsWith("fault:")) continue;
    facts.append(el("span", { class: "tag" }, visibleText(tag)));
  }
  const route = tests.route(test);
  if (route !== "") {
    facts.append(
      el(
        "span",
        {},
        "route ",
        el("span", { class: "route" }, visibleText(route)),
      ),
    );
  }
  facts.append(
    extra,
    el("span", { class: "seconds" }, secondsText(tests, test)),
  );
  const summary = el(
    "summary",
    {},
    badge(tests.outcome(test)),
    nameElement(tests, test),
    facts,
  );
  const details = el(
    "details",
    { class: "case", "data-test": test + 1 },
    summary,
  );
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    page.toggle(test, !details.open);
  });
  // The browser opens it too, for a search in the page.
  details.addEventListener("toggle", () => {
    if (details.open) fill(page, test, details);
  });
  return details;
}

/** Opens a line or closes it. */
export function setOpen(
  page: Page,
  details: HTMLDetailsElement,
  isOpen: boolean,
): void {
  if (isOpen) fill(page, Number(details.dataset.test) - 1, details);
  details.open = isOpen;
}

function fill(page: Page, test: number, details: HTMLDetailsElement): void {
  if (details.childElementCount === 1) details.append(page.bodyOf(test));
}

/** A list whose items are made once they are needed. */
export class LongList<Item> {
  readonly element: HTMLElement = el("div", { class: "list" });
  readonly #items: readonly Item[];
  readonly #make: (item: Item, index: number) => HTMLElement;
  readonly #more: HTMLButtonElement;
  #shown = 0;

  constructor(
    items: readonly Item[],
    make: (item: Item, index: number) => HTMLElement,
  ) {
    this.#items = items;
    this.#make = make;
    this.#more = el("button", { type: "button", class: "more" });
    this.#more.addEventListener("click", () => {
      const next = this.#shown;
      this.#show(MORE_ITEMS);
      const first = this.element.children[next];
      (first.querySelector("summary") ?? first as HTMLElement).focus();
    });
    this.element.append(this.#more);
    this.#show(FIRST_ITEMS);
  }

  /** Shows an item, and those before it. */
  reveal(index: number): HTMLElement {
    if (index >= this.#shown) this.#show(index + 1 - this.#shown);
    return this.element.children[index] as HTMLElement;
  }

  #show(count: number): void {
    const end = Math.min(this.#items.length, this.#shown + count);
    const added = this.#items.slice(this.#shown, end)
      .map((item, i) => this.#make(item, this.#shown + i));
    this.#more.before(...added);
    this.#shown = end;
    const left = this.#items.length - end;
    this.#more.hidden = left === 0;
    // On paper there is nothing to press.
    if (left > 0) this.element.dataset.left = `and ${formatCount(left)} more`;
    else delete this.element.dataset.left;
    this.#more.textContent = left <= MORE_ITEMS
      ? `Show ${formatCount(left)} more`
      : `Show ${MORE_ITEMS} more of ${formatCount(left)}`;
  }
}
