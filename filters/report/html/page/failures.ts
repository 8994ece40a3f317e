/**
 * The failures by cause, and the flaky and the slowest tests.
 *
 * @module
 */

import { counted, formatCount } from "../words.ts";
import { visibleText } from "../../../kit/text/visible.ts";
import { caseElement, LongList, type Page, setOpen } from "./cases.ts";
import { badge, bar, el } from "./dom.ts";
import { type Group, groupFailures } from "./groups.ts";

/** In how many groups the first test is open from the start. */
const OPEN_GROUPS = 10;
/** How many of the slowest tests are listed. */
const SLOWEST = 100;

/** A view that can open a test. */
export interface ListView {
  readonly element: HTMLElement;
  /** The line of a test, which it shows if it must; undefined if it has none. */
  find(test: number): HTMLDetailsElement | undefined;
}

/** The failures, a group for each fault or first line. */
export function failuresView(page: Page): ListView {
  const groups = groupFailures(page.tests);
  const lists = new Map<number, LongList<number>>();
  const list = new LongList(groups, (group, index) => {
    const cases = new LongList(
      group.tests,
      (test) => caseElement(page, test, attemptNote(page, test)),
    );
    lists.set(index, cases);
    if (index < OPEN_GROUPS) {
      setOpen(page, cases.reveal(0) as HTMLDetailsElement, true);
    }
    return groupElement(page, group, cases.element);
  });
  const count = groups.reduce((sum, { tests }) => sum + tests.length, 0);
  const intro = count === 0
    ? "No test failed."
    : groups.length < count
    ? `${counted(count, "failure")} in ${
      counted(groups.length, "group")
    }, by fault or first line.`
    : counted(count, "failure") + ".";
  const element = el("div", {}, el("p", { class: "intro" }, intro));
  if (count > 0) element.append(list.element);
  return {
    element,
    find(test) {
      const index = groups.findIndex(({ tests }) => tests.includes(test));
      if (index < 0) return undefined;
      const group = list.reveal(index).closest<HTMLDetailsElement>(".group");
      if (group !== null) group.open = true;
      return lists.get(index)!.reveal(
        groups[index].tests.indexOf(test),
      ) as HTMLDetailsElement;
    },
  };
}

function groupElement(
  { tests }: Page,
  { title, isFault, tests: members }: Group,
  list: HTMLElement,
): HTMLElement {
  const outcomes = new Set(members.map((test) => tests.outcome(test)));
  const unnamed = outcomes.size === 1 && outcomes.has("lost")
    ? "Started, and never ended"
    : outcomes.size === 1 && outcomes.has("uxsuccess")
    ? "Succeeded, though a failure was expected"
    : "No reason given";
  const heading = el("h3", {});
  if (isFault) heading.append(el("span", { class: "label" }, "fault"));
  heading.append(
    title === "" ? unnamed : el("bdi", { class: "mono" }, visibleText(title)),
  );
  return el(
    "details",
    { class: isFault ? "group fault" : "group", open: true },
    el(
      "summary",
      {},
      el(
        "span",
        { class: "count", title: counted(members.length, "test") },
        `${formatCount(members.length)}×`,
      ),
      heading,
    ),
    list,
  );
}

/** Says that a later attempt passed. */
function attemptNote({ tests }: Page, test: number): Node | string {
  const attempts = tests.attempts(test);
  if (attempts.length === 1) return "";
  const number = attempts.indexOf(test) + 1;
  const passed = tests.isFlaky(test) ? ", passed later" : "";
  return el(
    "span",
    { class: "note" },
    `attempt ${number} of ${attempts.length}${passed}`,
  );
}

/** Tests that passed after a failure, or are tagged as flaky. */
export function flakyView(page: Page): ListView {
  const { tests } = page;
  return casesView(
    page,
    tests.flakyTests(),
    (count) =>
      count === 0
        ? "No test passed after a failed attempt, and none is tagged “flaky”."
        : `${counted(count, "test")} passed after a failed attempt, or ${
          count === 1 ? "is" : "are"
        } tagged “flaky”.`,
    (test) => {
      const attempts = tests.attempts(test);
      return attempts.length === 1 ? "" : el(
        "span",
        { class: "attempts" },
        ...attempts.map((one) => badge(tests.outcome(one))),
      );
    },
  );
}

/** The tests that took longest. */
export function slowestView(page: Page): ListView {
  const { tests } = page;
  const slowest = Array.from(
    tests.order({ column: "seconds", descending: true }).subarray(0, SLOWEST),
  ).filter((test) => tests.seconds(test) !== undefined);
  const most = slowest.length === 0 ? 0 : tests.seconds(slowest[0])!;
  return casesView(
    page,
    slowest,
    (count) =>
      count === 0
        ? "No test has times."
        : `The ${counted(count, "slowest test", "slowest tests")}.`,
    (test) => bar(most > 0 ? tests.seconds(test)! / most : 0),
  );
}

function casesView(
  page: Page,
  members: readonly number[],
  intro: (count: number) => string,
  extra: (test: number) => Node | string,
): ListView {
  const list = new LongList(
    members,
    (test) => caseElement(page, test, extra(test)),
  );
  return {
    element: el(
      "div",
      {},
      el("p", { class: "intro" }, intro(members.length)),
      list.element,
    ),
    find(test) {
      const index = members.indexOf(test);
      return index < 0 ? undefined : list.reveal(index) as HTMLDetailsElement;
    },
  };
}
