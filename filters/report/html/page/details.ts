/**
 * What is known about one test: its article, attempts and subtests.
 *
 * @module
 */

import { counted } from "../words.ts";
import { visibleText } from "../../../kit/text/visible.ts";
import { badge, el, nameElement, secondsText, testAddress } from "./dom.ts";
import { formatClock } from "./format.ts";
import type { Tests } from "./model.ts";

/** How many subtests are listed. */
const MAX_SUBTESTS = 200;

/** The articles of a report, as the writer left them. */
export class Articles {
  readonly #sources = new Map<number, Element>();

  /** Takes the articles out of the page, which shows them where they are wanted. */
  constructor(root: ParentNode) {
    const elements = root.querySelectorAll(
      "article[id^=t], noscript[id^=t], script[type='text/html'][id^=t]",
    );
    for (const element of elements) {
      const position = Number(element.id.slice(1)) - 1;
      if (!Number.isInteger(position)) continue;
      this.#sources.set(position, element);
      element.remove();
    }
  }

  /** A copy of the article of a test; undefined if it has none. */
  copy(test: number): Element | undefined {
    const source = this.#sources.get(test);
    if (source === undefined) return undefined;
    const article = source.localName === "article"
      ? source.cloneNode(true) as Element
      : parsed(source.textContent ?? "");
    article?.removeAttribute("id");
    return article;
  }
}

/** Parses what the writer wrote: an article, in which all text is escaped. */
function parsed(html: string): Element | undefined {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  return body.querySelector("article") ?? undefined;
}

/** Makes the body of a test, to be shown below its line. */
export function testBody(
  tests: Tests,
  articles: Articles,
  test: number,
): HTMLElement {
  const body = el("div", { class: "body" });
  const article = articles.copy(test);
  if (article !== undefined) body.append(article);
  body.append(factsOf(tests, test, article !== undefined));
  const attempts = tests.attempts(test);
  if (attempts.length > 1) {
    body.append(
      el("p", { class: "heading" }, counted(attempts.length, "attempt")),
      el(
        "ol",
        { class: "tests attempts" },
        ...attempts.map((one) =>
          el("li", {}, linkTo(tests, one, one === test, true))
        ),
      ),
    );
  }
  const children = tests.children(test);
  if (children.length > 0) {
    body.append(
      el("p", { class: "heading" }, counted(children.length, "subtest")),
      subtestsOf(tests, test, new Set()),
    );
  }
  return body;
}

function factsOf(
  tests: Tests,
  test: number,
  hasArticle: boolean,
): HTMLElement {
  const list = el("dl", { class: "details" });
  const add = (name: string, ...value: (Node | string)[]) =>
    list.append(el("div", {}, el("dt", {}, name), el("dd", {}, ...value)));
  add("Id", el("code", {}, visibleText(tests.id(test))));
  const parent = tests.parent(test);
  if (parent !== undefined) {
    const position = tests.parentOf(test);
    const id = el("code", {}, visibleText(parent));
    add(
      "Subtest of",
      position === undefined
        ? id
        : el("a", { href: testAddress(position) }, id),
    );
  }
  const route = tests.route(test);
  if (route !== "") add("Route", el("code", {}, visibleText(route)));
  const started = tests.started(test);
  if (started !== undefined) add("Started", `${formatClock(started)} UTC`);
  const seconds = secondsText(tests, test);
  if (seconds !== "") add("Took", seconds);
  const tags = tests.tags(test);
  if (tags.length > 0) {
    add("Tags", ...tags.map((tag) => el("code", {}, visibleText(tag))));
  }
  if (!hasArticle) add("Attachments", "none");
  return list;
}

/** The subtests of a test, and theirs, as nested lists. */
function subtestsOf(
  tests: Tests,
  test: number,
  above: ReadonlySet<number>,
): HTMLElement {
  const children = tests.children(test).filter((child) => !above.has(child));
  const list = el("ul", { class: "tests" });
  const within = new Set(above).add(test);
  for (const child of children.slice(0, MAX_SUBTESTS)) {
    const item = el("li", {}, linkTo(tests, child, false, false));
    // Deeper ones open with their own test.
    if (within.size < 6 && tests.children(child).length > 0) {
      item.append(subtestsOf(tests, child, within));
    }
    list.append(item);
  }
  if (children.length > MAX_SUBTESTS) {
    list.append(
      el(
        "li",
        {},
        `and ${counted(children.length - MAX_SUBTESTS, "more", "more")}`,
      ),
    );
  }
  return list;
}

function linkTo(
  tests: Tests,
  test: number,
  isCurrent: boolean,
  isAttempt: boolean,
): HTMLElement {
  return el(
    "a",
    { href: testAddress(test), "aria-current": isCurrent && "true" },
    badge(tests.outcome(test)),
    isAttempt ? "" : nameElement(tests, test),
    el("span", { class: "seconds" }, secondsText(tests, test)),
  );
}
