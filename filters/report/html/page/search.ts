/**
 * The search box, and what stands above the table: outcomes to choose, the number
 * of results, hints and help.
 *
 * @module
 */

import { formatCount } from "../words.ts";
import { badge, el } from "./dom.ts";
import { limitText, resultsText } from "./format.ts";
import { SEVERITY, type Tests } from "./model.ts";
import { parseQuery, toggleWord } from "./query.ts";
import { MAX_ROWS, PRINTED_ROWS } from "./table.ts";
import { countsOf } from "./verdict.ts";

/** What each word of the search language finds. */
const HELP: readonly (readonly [words: string, found: string])[] = [
  ["text", "ids, first lines and tags with this text; all words must match"],
  ['"two words"', "this text, with its spaces"],
  ["status:fail", "an outcome, or several: status:fail,lost; status:failing"],
  ["tag:slow", "a tag; * stands for anything"],
  ["route:0/*", "a route"],
  ["id:pkg.*", "a whole id with *, or a part of it"],
  ["slower:1s", "longer than this; also 200ms, 2m"],
  ["faster:10ms", "shorter than this"],
  ["flaky:true", "tests that passed after a failure"],
  ["-word", "tests without it: -status:success -tag:slow"],
];

/** The box in which searches are typed. */
export class SearchBox {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;

  constructor(typed: (text: string) => void) {
    this.input = el("input", {
      type: "search",
      id: "search",
      placeholder: "Search: status:fail tag:x slower:1s text",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      "aria-keyshortcuts": "/",
    });
    this.input.addEventListener("input", () => typed(this.input.value));
    const form = el(
      "form",
      { role: "search" },
      el("label", { for: "search", class: "unseen" }, "Search tests"),
      this.input,
      el("kbd", { "aria-hidden": "true" }, "/"),
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    this.element = form;
  }

  /** Shows a search that was not typed here. */
  set text(text: string) {
    if (this.input.value !== text) this.input.value = text;
  }
}

/** What stands above the table. */
export class SearchNotes {
  readonly element: HTMLElement;
  readonly #tests: Tests;
  readonly #chips = new Map<string, HTMLButtonElement>();
  readonly #count = el("p", { class: "results", role: "status" });
  readonly #hints = el("p", { class: "hints", role: "status" });
  #text = "";

  constructor(tests: Tests, search: (text: string) => void) {
    this.#tests = tests;
    const chips = el("div", {
      class: "chips",
      role: "group",
      "aria-label": "Outcomes",
    });
    const counts = countsOf(tests);
    const chip = (word: string, count: number, ...content: Node[]) => {
      const button = el(
        "button",
        { type: "button", class: "chip" },
        ...content,
        ` ${formatCount(count)}`,
      );
      button.addEventListener(
        "click",
        () => search(toggleWord(this.#text, word)),
      );
      this.#chips.set(word, button);
      chips.append(button);
    };
    for (const outcome of SEVERITY) {
      const count = counts.get(outcome) ?? 0;
      if (count > 0) chip(`status:${outcome}`, count, badge(outcome));
    }
    const flaky = tests.flakyTests().length;
    if (flaky > 0) {
      chip("flaky:true", flaky, el("span", { class: "badge" }, "flaky"));
    }
    const help = el("dl", {});
    for (const [words, found] of HELP) {
      help.append(
        el(
          "div",
          {},
          el("dt", {}, el("code", {}, words)),
          el("dd", {}, found),
        ),
      );
    }
    this.element = el(
      "div",
      { class: "notes" },
      chips,
      el(
        "details",
        { class: "help" },
        el("summary", {}, "How to search"),
        help,
      ),
      this.#count,
      this.#hints,
    );
  }

  /** Shows what a search found. */
  show(text: string, found: number): void {
    this.#text = text;
    this.#count.replaceChildren(
      resultsText(found, this.#tests.count),
      ...found > MAX_ROWS
        ? [el("span", { class: "screen" }, limitText(MAX_ROWS))]
        : [],
      ...found > PRINTED_ROWS
        ? [el("span", { class: "paper" }, limitText(PRINTED_ROWS))]
        : [],
    );
    this.#hints.textContent = parseQuery(text).hints.join(". ");
    const words = text.split(/\s+/);
    for (const [word, button] of this.#chips) {
      button.setAttribute("aria-pressed", String(words.includes(word)));
    }
  }
}
