/**
 * The script of HTML reports. The address has the state of the page: everything
 * that a person does changes the address, and the page follows the address.
 *
 * @module
 */

import { type Page, setOpen } from "./cases.ts";
import { Articles, testBody } from "./details.ts";
import { badge, el, nameElement } from "./dom.ts";
import {
  failuresView,
  flakyView,
  type ListView,
  slowestView,
} from "./failures.ts";
import { foldersView } from "./folders_view.ts";
import {
  type Column,
  formatFragment,
  parseFragment,
  type State,
  type View,
  VIEWS,
} from "./fragment.ts";
import { readLines, Tests } from "./model.ts";
import { parseQuery } from "./query.ts";
import { SearchBox, SearchNotes } from "./search.ts";
import { Table } from "./table.ts";
import { restoreTheme, themeButton } from "./theme.ts";
import { TimelineView } from "./timeline.ts";
import { completeVerdict, cutVerdict, readRun } from "./verdict.ts";
import type { TestLine } from "../data.ts";
import { formatCount } from "../words.ts";

const NAMES: Readonly<Record<View, string>> = {
  failures: "Failures",
  flaky: "Flaky",
  tests: "All tests",
  timeline: "Timeline",
  slowest: "Slowest",
  folders: "Folders",
};

/** How long a task may run before the browser may paint, in milliseconds. */
const SLICE = 40;

const root = document.documentElement;
root.classList.add("js");
restoreTheme();
addEventListener("DOMContentLoaded", start);

/** Shows the verdict, then the rest: it takes longer. */
async function start(): Promise<void> {
  const report = document.getElementById("report");
  if (report === null) return;
  const verdict = document.getElementById("verdict");
  const run = readRun();
  if (verdict !== null) {
    report.prepend(verdict);
    if (run !== undefined) completeVerdict(verdict, run);
    root.classList.add("verdict");
  }
  await painted();
  performance.mark("subunit2html:verdict");
  try {
    const tests = new Tests(await readBlocks(report));
    if (verdict !== null && run !== undefined) {
      document.getElementById("cut")?.remove();
    } else {
      verdict?.remove();
      report.prepend(cutVerdict(tests));
    }
    new App(report, tests);
  } finally {
    // Whatever went wrong, the failures are there to read.
    root.classList.add("ready");
  }
  performance.mark("subunit2html:ready");
}

/** Ends once the browser has painted. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    // A page in the background is not painted.
    if (document.visibilityState === "hidden") setTimeout(resolve);
    else requestAnimationFrame(() => setTimeout(resolve));
  });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Reads the blocks of data, and removes them. */
async function readBlocks(report: Element): Promise<TestLine[]> {
  const lines: TestLine[] = [];
  let begun = performance.now();
  for (const block of report.querySelectorAll("script.tests")) {
    // Not with "...": a block may have more lines than a call has arguments.
    for (const line of readLines(block.textContent ?? "")) lines.push(line);
    block.remove();
    if (performance.now() - begun > SLICE) {
      await pause();
      begun = performance.now();
    }
  }
  return lines;
}

/** The page, once the data has been read. */
class App implements Page {
  readonly tests: Tests;
  readonly #articles: Articles;
  readonly #sections = new Map<View, HTMLElement>();
  readonly #links = new Map<View, HTMLAnchorElement>();
  readonly #lists = new Map<View, ListView>();
  readonly #search: SearchBox;
  #table: Table | undefined;
  #notes: SearchNotes | undefined;
  #timeline: TimelineView | undefined;
  readonly #panel = el("div", { class: "case open-test", tabindex: -1 });
  /** What the address says. */
  #state: State;
  /** What was searched for last, and how it was sorted. */
  #found = "";
  #isTyping = false;

  constructor(report: Element, tests: Tests) {
    this.tests = tests;
    this.#articles = new Articles(report);
    this.#search = new SearchBox((text) => this.#typed(text));
    this.#state = parseFragment(location.hash);
    report.querySelector("#verdict")?.after(this.#bar());
    report.querySelector("#verdict")?.prepend(
      themeButton(() => this.#timeline?.redraw()),
    );
    this.#addSections(report);
    report.append(
      el(
        "footer",
        {},
        ...keys([["/", "search"], ["j", "next"], ["k", "previous"], [
          "Enter",
          "open",
        ], ["Esc", "close"]]),
      ),
    );
    addEventListener("popstate", () => this.#followAddress());
    addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("click", (event) => this.#clicked(event));
    // What is not shown cannot be scrolled to.
    root.classList.add("ready");
    this.#apply(undefined, true);
    // What the first search needs is made before anyone types it.
    setTimeout(() => {
      tests.order(undefined);
      this.#build("tests");
      this.#warmUp(0);
    });
  }

  bodyOf(test: number): HTMLElement {
    return testBody(this.tests, this.#articles, test);
  }

  toggle(test: number, isOpen: boolean): void {
    const view = this.#view;
    const list = this.#lists.get(view);
    const line = list?.find(test);
    if (line !== undefined) setOpen(this, line, isOpen);
    const number = test + 1;
    // Several tests of a list may be open; the address has the last one.
    if (!isOpen && this.#state.test !== number) return;
    this.#go({ ...this.#state, view, test: isOpen ? number : undefined });
  }

  get #view(): View {
    return this.#viewOf(this.#state);
  }

  #viewOf({ view, q, sort, test, zoom }: State): View {
    if (view !== undefined) return view;
    if (q !== "" || sort !== undefined) return "tests";
    if (zoom !== undefined) return "timeline";
    if (test !== undefined && test <= this.tests.count) {
      return this.tests.isFailure(test - 1) ? "failures" : "tests";
    }
    return this.#count("failures") > 0 || this.tests.count === 0
      ? "failures"
      : "tests";
  }

  /** How many tests a view is about; NaN if it is not about some of them. */
  #count(view: View): number {
    const { tests } = this;
    switch (view) {
      case "failures": {
        let count = 0;
        for (let test = 0; test < tests.count; test++) {
          if (tests.isFailure(test)) count++;
        }
        return count;
      }
      case "flaky":
        return tests.flakyTests().length;
      case "tests":
        return tests.count;
      default:
        return NaN;
    }
  }

  #bar(): HTMLElement {
    const list = el("ul", {});
    for (const view of VIEWS) {
      const count = this.#count(view);
      const link = el("a", {}, NAMES[view]);
      if (!Number.isNaN(count)) {
        link.append(
          " ",
          el("span", {
            class: view === "failures" ? "number failing" : "number",
          }, formatCount(count)),
        );
        if (count > 0) link.classList.add("some");
      }
      this.#links.set(view, link);
      list.append(el("li", {}, link));
    }
    const bar = el(
      "div",
      { class: "bar" },
      el("nav", { "aria-label": "Views" }, list),
      this.#search.element,
    );
    new ResizeObserver(() => {
      root.style.setProperty("--bar", `${bar.offsetHeight}px`);
    }).observe(bar);
    return bar;
  }

  #addSections(report: Element): void {
    const failures = report.querySelector<HTMLElement>("#failures") ??
      el("section", { id: "failures" });
    failures.replaceChildren();
    for (const view of VIEWS) {
      const section = view === "failures"
        ? failures
        : el("section", { id: view });
      section.classList.add("view");
      section.append(el("h2", { id: `${view}-title` }, NAMES[view]));
      section.setAttribute("aria-labelledby", `${view}-title`);
      section.hidden = true;
      this.#sections.set(view, section);
      report.append(section);
    }
  }

  /** Fills a view when it is shown for the first time. */
  #build(view: View): void {
    const section = this.#sections.get(view)!;
    if (section.childElementCount > 1) return;
    const lists: Partial<Record<View, (page: Page) => ListView>> = {
      failures: failuresView,
      flaky: flakyView,
      slowest: slowestView,
    };
    const list = lists[view]?.(this);
    if (list !== undefined) {
      this.#lists.set(view, list);
      section.append(list.element);
    } else if (view === "folders") section.append(foldersView(this.tests));
    else if (view === "timeline") {
      this.#timeline = new TimelineView(
        this,
        (zoom) => this.#keep({ ...this.#state, view: "timeline", zoom }),
      );
      section.append(this.#timeline.element);
      this.#timeline.element.querySelector(".selected")?.after(this.#panel);
    } else {
      this.#notes = new SearchNotes(this.tests, (q) => this.#searchFor(q));
      this.#table = new Table(this, (column) => this.#sortBy(column));
      section.append(this.#notes.element, this.#table.element);
    }
  }

  /** Goes to a state, to which the back button returns from the next one. */
  #go(state: State): void {
    const before = this.#state;
    this.#isTyping = false;
    this.#state = state;
    history.pushState(null, "", addressOf(state));
    this.#apply(before, false);
  }

  /** Changes the address without a step for the back button. */
  #keep(state: State): void {
    this.#state = state;
    history.replaceState(null, "", addressOf(state));
    this.#updateLinks();
  }

  /** Shows what the address says now: someone went back, or typed it. */
  #followAddress(): void {
    const before = this.#state;
    this.#isTyping = false;
    this.#state = parseFragment(location.hash);
    const list = this.#lists.get(this.#viewOf(before));
    if (before.test !== undefined && before.test !== this.#state.test) {
      const line = list?.find(before.test - 1);
      if (line !== undefined) setOpen(this, line, false);
    }
    this.#apply(before, true);
  }

  /** @param isFar whether the test may be out of sight */
  #apply(before: State | undefined, isFar: boolean): void {
    const state = this.#state;
    const view = this.#view;
    const isNewView = before === undefined || this.#viewOf(before) !== view;
    for (const [name, section] of this.#sections) {
      section.hidden = name !== view;
    }
    this.#build(view);
    this.#updateLinks();
    this.#search.text = state.q;
    const test = state.test === undefined ? undefined : state.test - 1;
    const known = test !== undefined && test < this.tests.count
      ? test
      : undefined;
    if (view === "tests") {
      this.#find(state);
      this.#table!.open(known);
    } else if (view === "timeline") {
      this.#timeline!.show(state.zoom);
      this.#showPanel(known);
    } else if (known !== undefined) {
      const line = this.#lists.get(view)?.find(known);
      if (line !== undefined && (isFar || isNewView || !line.open)) {
        setOpen(this, line, true);
        line.scrollIntoView({ block: "start" });
      }
    }
    if (isNewView && before !== undefined && known === undefined) {
      this.#toViewTop();
    }
  }

  /** The verdict need not be passed again in each view. */
  #toViewTop(): void {
    const bar = document.querySelector(".bar");
    if (bar !== null && bar.getBoundingClientRect().top <= 0) {
      this.#sections.get(this.#view)!.scrollIntoView({ block: "start" });
    }
  }

  #updateLinks(): void {
    const current = this.#view;
    const { q, sort, zoom } = this.#state;
    for (const [view, link] of this.#links) {
      link.href = formatFragment({ view, q, sort, zoom });
      if (view === current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  #find({ q, sort }: State): void {
    const key = JSON.stringify([q, sort]);
    if (key === this.#found) return;
    this.#found = key;
    const order = this.tests.order(sort);
    const query = parseQuery(q);
    const results = q.trim() === ""
      ? order
      : order.filter((test) => query.matches(this.tests, test));
    this.#notes!.show(q, results.length);
    this.#table!.show(results, sort);
  }

  #showPanel(test: number | undefined): void {
    this.#panel.hidden = test === undefined;
    this.#panel.replaceChildren();
    if (test === undefined) return;
    const close = el("button", { type: "button", class: "close" }, "Close");
    close.addEventListener("click", () => {
      this.toggle(test, false);
      this.#timeline?.focus();
    });
    this.#panel.append(
      el(
        "p",
        { class: "selected" },
        badge(this.tests.outcome(test)),
        nameElement(this.tests, test),
      ),
      close,
      this.bodyOf(test),
    );
    this.#panel.scrollIntoView({ block: "nearest" });
  }

  /** A search as it is typed: one step for the back button, not one a letter. */
  #typed(q: string): void {
    const state: State = { ...this.#state, view: "tests", q, test: undefined };
    if (!this.#isTyping) {
      this.#go(state);
      this.#isTyping = true;
      return;
    }
    const before = this.#state;
    this.#keep(state);
    this.#apply(before, false);
  }

  #searchFor(q: string): void {
    this.#go({ ...this.#state, view: "tests", q, test: undefined });
  }

  /** Sorts by a column, then the other way, then not at all. */
  #sortBy(column: Column): void {
    const { sort } = this.#state;
    // Of times and outcomes, the first click asks for what stands out.
    const first = column === "seconds";
    const next = sort?.column !== column
      ? { column, descending: first }
      : sort.descending === first
      ? { column, descending: !first }
      : undefined;
    this.#go({ ...this.#state, view: "tests", sort: next });
  }

  /** Links to tests stay in the view if it has the test. */
  #clicked(event: MouseEvent): void {
    if (
      event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey ||
      event.defaultPrevented
    ) return;
    const link = (event.target as Element).closest?.("a[href^='#test=']");
    const test = parseFragment(link?.getAttribute("href") ?? "").test;
    if (test === undefined || test > this.tests.count) return;
    event.preventDefault();
    const view = this.#view;
    const line = this.#lists.get(view)?.find(test - 1);
    if (line !== undefined || view === "timeline") {
      this.#go({ ...this.#state, view, test });
    } else {
      const { q } = this.#state;
      const isFound = parseQuery(q).matches(this.tests, test - 1);
      this.#go({ ...this.#state, view: "tests", q: isFound ? q : "", test });
    }
  }

  #pressed(event: KeyboardEvent): void {
    if (
      event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented
    ) return;
    const { input } = this.#search;
    const target = event.target as HTMLElement;
    if (target === input) {
      if (event.key === "Escape") {
        if (input.value === "") input.blur();
        else this.#searchFor("");
      } else if (event.key === "ArrowDown" || event.key === "Enter") {
        if (this.#view !== "tests") this.#searchFor(input.value);
        this.#table?.move(1);
      } else return;
      event.preventDefault();
      return;
    }
    if (/^(input|textarea|select)$/.test(target.localName)) return;
    const isOnLine = target.localName === "summary";
    if (event.key === "/") {
      input.focus();
      input.select();
    } else if (event.key === "j" || event.key === "ArrowDown" && isOnLine) {
      this.#moveBy(1);
    } else if (event.key === "k" || event.key === "ArrowUp" && isOnLine) {
      this.#moveBy(-1);
    } else if (event.key === "Escape" && this.#state.test !== undefined) {
      this.toggle(this.#state.test - 1, false);
    } else return;
    event.preventDefault();
  }

  /** Moves the focus to the next line of a list, or the cursor of the table. */
  #moveBy(by: number): void {
    if (this.#view === "tests") return this.#table!.move(by);
    if (this.#view === "timeline") return this.#timeline!.focus();
    const section = this.#sections.get(this.#view)!;
    const lines = Array.from(
      section.querySelectorAll<HTMLElement>(
        ".group > summary, .case > summary, .folder > summary",
      ),
    ).filter((line) => line.checkVisibility());
    const at = lines.indexOf(document.activeElement as HTMLElement);
    lines[at < 0 ? 0 : Math.max(0, Math.min(lines.length - 1, at + by))]
      ?.focus();
  }

  /** Makes the texts that searches look at, so that the first one need not. */
  #warmUp(from: number): void {
    const { tests } = this;
    const begun = performance.now();
    let test = from;
    while (test < tests.count && performance.now() - begun < SLICE / 4) {
      for (const end = Math.min(tests.count, test + 500); test < end; test++) {
        tests.text(test);
      }
    }
    if (test < tests.count) setTimeout(() => this.#warmUp(test));
  }
}

function addressOf(state: State): string {
  return formatFragment(state) || location.pathname + location.search;
}

/** Keys, and what they do. */
function keys(
  all: readonly (readonly [key: string, does: string])[],
): HTMLElement[] {
  return all.map(([key, does]) =>
    el("span", {}, el("kbd", {}, key), ` ${does}`)
  );
}
