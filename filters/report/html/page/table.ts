/**
 * The table of all tests. Only the rows in sight are elements.
 *
 * @module
 */

import { visibleText } from "../../../kit/text/visible.ts";
import type { Page } from "./cases.ts";
import { badge, el, nameElement, secondsText } from "./dom.ts";
import { formatClock } from "./format.ts";
import { type Column, COLUMNS, type Sort } from "./fragment.ts";

const HEADINGS: Readonly<Record<Column, string>> = {
  outcome: "Outcome",
  id: "Test",
  seconds: "Time",
  route: "Route",
  started: "Started",
  tags: "Tags",
};

/** The height of a row, in pixels; page.css has the same. */
const ROW = 34;
/** How many rows are made above and below those in sight. */
const MARGIN = 12;
/** Browsers limit the height of an element to a little more than this. */
export const MAX_ROWS = 400_000;
/** How many rows are printed. */
export const PRINTED_ROWS = 1000;

/** The table of tests. */
export class Table {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #rows: HTMLElement;
  readonly #head: HTMLElement;
  readonly #headers = new Map<Column, HTMLElement>();
  #results: ArrayLike<number> = [];
  #isTree = false;
  /** The rows in the document, by place. */
  #shown = new Map<number, HTMLElement>();
  /** The place of the row with the cursor. */
  #active = -1;
  /** The place of the open row, and what is shown below it. */
  #open = -1;
  #panel: HTMLElement | undefined;
  #panelHeight = 0;
  #frame = 0;
  readonly #resized: ResizeObserver;

  constructor(page: Page, sortBy: (column: Column) => void) {
    this.#page = page;
    const head = el("div", { role: "row", "aria-rowindex": 1 });
    for (const column of COLUMNS) {
      const button = el("button", { type: "button" }, HEADINGS[column]);
      button.addEventListener("click", () => sortBy(column));
      const header = el(
        "div",
        { role: "columnheader", class: column },
        button,
      );
      this.#headers.set(column, header);
      head.append(header);
    }
    this.#head = el("div", { role: "rowgroup", class: "head" }, head);
    this.#rows = el("div", { role: "rowgroup", class: "rows" });
    this.element = el(
      "div",
      { role: "treegrid", class: "grid", "aria-label": "Tests", tabindex: 0 },
      this.#head,
      this.#rows,
    );
    this.#resized = new ResizeObserver(([entry]) => {
      const { height } = entry.target.getBoundingClientRect();
      if (Math.abs(height - this.#panelHeight) < 0.5) return;
      this.#panelHeight = height;
      this.#render();
    });
    this.#rows.addEventListener("click", (event) => this.#clicked(event));
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
    this.element.addEventListener("focus", () => {
      // A click has a row of its own, which must stay until it ends.
      if (!this.element.matches(":focus-visible")) return;
      if (this.#active < 0 && this.#results.length > 0) this.#activate(0);
    });
    const soon = () => this.#renderSoon();
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon, { passive: true });
    addEventListener("beforeprint", () => this.#render(PRINTED_ROWS));
    addEventListener("afterprint", () => this.#render());
  }

  /** Shows tests in this order. */
  show(results: ArrayLike<number>, sort: Sort | undefined): void {
    const test = this.#results[this.#open];
    this.#results = results;
    this.#shown.clear();
    this.#isTree = sort === undefined && this.#page.tests.hasSubtests();
    this.#active = -1;
    this.element.removeAttribute("aria-activedescendant");
    this.element.setAttribute("aria-rowcount", String(results.length + 1));
    for (const [column, header] of this.#headers) {
      const isSorted = sort?.column === column;
      header.setAttribute(
        "aria-sort",
        !isSorted ? "none" : sort.descending ? "descending" : "ascending",
      );
    }
    if (this.#open >= 0) this.#open = this.#placeOf(test);
    if (this.#open < 0) this.#close();
    this.#render();
  }

  /** Opens a test below its row, or closes the open one. */
  open(test: number | undefined): void {
    if (test === this.#results[this.#open]) return;
    this.#close();
    const place = test === undefined ? -1 : this.#placeOf(test);
    if (place >= 0) {
      this.#open = this.#active = place;
      this.#panel = el(
        "div",
        { role: "row", class: "panel", "aria-rowindex": place + 2 },
        el(
          "div",
          { role: "gridcell", "aria-colspan": COLUMNS.length },
          this.#page.bodyOf(test!),
        ),
      );
      this.#rows.append(this.#panel);
      this.#panelHeight = this.#panel.getBoundingClientRect().height;
      this.#resized.observe(this.#panel);
    }
    this.#render();
    if (place >= 0) this.#bringIntoSight(place);
  }

  /** Moves the cursor, and the focus with it. */
  move(by: number): void {
    const last = Math.min(this.#results.length, MAX_ROWS) - 1;
    const to = this.#active < 0 && by > 0 && by !== Infinity
      ? 0
      : this.#active + by;
    this.element.focus({ preventScroll: true });
    if (last >= 0) this.#activate(Math.max(0, Math.min(last, to)));
  }

  /** Opens or closes the test at the cursor. */
  toggle(): void {
    const test = this.#results[this.#active];
    if (test === undefined) return;
    this.#page.toggle(test, this.#active !== this.#open);
  }

  #close(): void {
    this.#open = -1;
    this.#panel?.remove();
    this.#panel = undefined;
    this.#panelHeight = 0;
    this.#resized.disconnect();
  }

  #placeOf(test: number): number {
    return Array.prototype.indexOf.call(this.#results, test);
  }

  #activate(place: number): void {
    this.#active = place;
    this.#bringIntoSight(place);
    this.#render();
  }

  #topOf(place: number): number {
    return place * ROW +
      (this.#open >= 0 && place > this.#open ? this.#panelHeight : 0);
  }

  #bringIntoSight(place: number): void {
    const { top } = this.#rows.getBoundingClientRect();
    const start = top + this.#topOf(place);
    const end = start + ROW +
      (place === this.#open ? Math.min(this.#panelHeight, innerHeight / 2) : 0);
    const covered = Math.max(0, this.#head.getBoundingClientRect().bottom);
    const above = Math.min(covered, innerHeight / 2);
    if (start < above) scrollBy(0, start - above - 4);
    else if (end > innerHeight) {
      scrollBy(0, Math.min(end - innerHeight + 4, start - above - 4));
    }
  }

  #renderSoon(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  /** Makes the rows in sight, or the first ones for paper. */
  #render(printed?: number): void {
    if (!this.element.isConnected || this.element.offsetParent === null) return;
    const count = Math.min(this.#results.length, MAX_ROWS);
    const total = printed === undefined ? count : Math.min(count, printed);
    this.#rows.style.height = `${total * ROW + this.#panelHeight}px`;
    const { top } = this.#rows.getBoundingClientRect();
    const placeAt = (y: number) => {
      const below = this.#open >= 0 && y > this.#topOf(this.#open) + ROW;
      return Math.floor((below ? Math.max(y - this.#panelHeight, 0) : y) / ROW);
    };
    const from = printed === undefined
      ? Math.max(0, placeAt(-top) - MARGIN)
      : 0;
    const to = printed === undefined
      ? Math.min(count, placeAt(innerHeight - top) + MARGIN)
      : total;
    const shown = new Map<number, HTMLElement>();
    const children: Element[] = [];
    for (let place = from; place < to; place++) {
      const row = this.#shown.get(place) ?? this.#row(place);
      this.#place(row, place);
      shown.set(place, row);
      children.push(row);
    }
    this.#shown = shown;
    if (this.#panel !== undefined) {
      const before = Math.max(0, this.#open + 1 - from);
      children.splice(before, 0, this.#panel);
      this.#panel.style.top = `${this.#topOf(this.#open) + ROW}px`;
    }
    setChildren(this.#rows, children);
    // The row with the cursor may be out of sight.
    if (this.#active >= from && this.#active < to) {
      this.element.setAttribute("aria-activedescendant", `row${this.#active}`);
    } else this.element.removeAttribute("aria-activedescendant");
  }

  #row(place: number): HTMLElement {
    const { tests } = this.#page;
    const test = this.#results[place];
    const depth = this.#isTree ? tests.depth(test) : 0;
    const id = cell("id", nameElement(tests, test));
    id.title = visibleText(tests.id(test));
    if (depth > 0) {
      id.style.paddingInlineStart = `${0.5 + 1.1 * Math.min(depth, 12)}rem`;
      id.classList.add("sub");
    }
    const outcome = cell("outcome", badge(tests.outcome(test)));
    if (tests.isFlaky(test)) {
      outcome.append(el("span", { class: "flaky", title: "flaky" }, "flaky"));
    }
    const started = tests.started(test);
    return el(
      "div",
      {
        role: "row",
        id: `row${place}`,
        "aria-rowindex": place + 2,
        "aria-level": depth + 1,
        "data-place": place,
      },
      outcome,
      id,
      cell("seconds", secondsText(tests, test)),
      cell("route", visibleText(tests.route(test))),
      cell("started", started === undefined ? "" : formatClock(started)),
      cell("tags", visibleText(tests.tags(test).join(" "))),
    );
  }

  /** Puts a row in its place, and marks it. */
  #place(row: HTMLElement, place: number): void {
    row.classList.toggle("active", place === this.#active);
    row.setAttribute("aria-expanded", String(place === this.#open));
    row.style.top = `${this.#topOf(place)}px`;
  }

  #clicked(event: MouseEvent): void {
    const row = (event.target as Element).closest<HTMLElement>("[data-place]");
    // Whoever selects text does not want it to move.
    if (row === null || getSelection()?.type === "Range") return;
    this.#active = Number(row.dataset.place);
    this.toggle();
  }

  #pressed(event: KeyboardEvent): void {
    if (event.target !== this.element) return;
    const inSight = Math.max(1, Math.floor(innerHeight / ROW) - 4);
    const moves: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: inSight,
      PageUp: -inSight,
      Home: -Infinity,
      End: Infinity,
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) this.move(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.toggle();
    else return;
    event.preventDefault();
  }
}

/**
 * Makes these elements the children, and moves none that stays: it may have the
 * focus, and a click on an element that moves meanwhile is lost.
 */
function setChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.children]) {
    if (!wanted.has(child)) child.remove();
  }
  let next = parent.firstChild;
  for (const child of children) {
    if (child === next) next = next.nextSibling;
    else parent.insertBefore(child, next);
  }
}

function cell(column: Column, content: Node | string): HTMLElement {
  return el("div", { role: "gridcell", class: column }, content);
}
