/**
 * The verdict: what the writer wrote about the run, moved to the front.
 *
 * @module
 */

import { OUTCOMES, type RunData } from "../data.ts";
import { counted, formatCount } from "../words.ts";
import { el, GLYPHS } from "./dom.ts";
import { isFailure, SEVERITY, type Tests } from "./model.ts";

/** What verdicts call the outcomes. */
const WORDS: Readonly<Record<string, string>> = {
  fail: "failed",
  lost: "lost",
  uxsuccess: "succeeded unexpectedly",
  skip: "skipped",
  xfail: "failed as expected",
  success: "passed",
};

/** Reads the data about the run; undefined if the report breaks off before it. */
export function readRun(): RunData | undefined {
  try {
    return JSON.parse(document.getElementById("run")?.textContent ?? "");
  } catch {
    return undefined;
  }
}

/** Completes the verdict that the writer made. */
export function completeVerdict(verdict: Element, run: RunData): void {
  const counts = new Map(
    OUTCOMES.map((outcome, i) => [outcome as string, run.counts[i] ?? 0]),
  );
  if (run.tests > 0) {
    verdict.querySelector(".counts")?.after(proportions(counts));
  }
  // Pairs that stay together where there is room for several on a line.
  for (const term of verdict.querySelectorAll(".run > dt")) {
    const value = term.nextElementSibling;
    const pair = el("div");
    term.before(pair);
    pair.append(term, ...value === null ? [] : [value]);
  }
  const routes = verdict.querySelector("table.routes");
  if (routes !== null) {
    const details = el(
      "details",
      { class: "routes" },
      el(
        "summary",
        {},
        counted(run.routes.length, "route"),
        run.otherRoutes === null ? "" : " and others",
      ),
    );
    routes.before(details);
    routes.querySelector("caption")?.remove();
    details.append(
      el(
        "div",
        {
          class: "scroll",
          tabindex: 0,
          role: "region",
          "aria-label": "Routes",
        },
        routes,
      ),
    );
  }
}

/** A verdict on what there is of a report that breaks off. */
export function cutVerdict(tests: Tests): HTMLElement {
  const counts = countsOf(tests);
  const list = el("ul", { class: "counts" });
  for (const outcome of SEVERITY) {
    const count = counts.get(outcome) ?? 0;
    if (count === 0) continue;
    list.append(
      el(
        "li",
        { class: outcome },
        el("b", {}, formatCount(count)),
        ` ${WORDS[outcome]}`,
      ),
    );
  }
  return el(
    "section",
    { id: "verdict", class: "bad cut" },
    el("h1", {}, document.title),
    el(
      "p",
      { class: "summary" },
      `Incomplete: the report breaks off after ${
        counted(tests.count, "test")
      }.`,
    ),
    list,
    proportions(counts),
  );
}

/** How many tests have each outcome. */
export function countsOf(tests: Tests): Map<string, number> {
  const counts = new Map<string, number>();
  for (let test = 0; test < tests.count; test++) {
    const outcome = tests.outcome(test);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}

/** A bar with a part for each outcome. */
function proportions(counts: ReadonlyMap<string, number>): HTMLElement {
  const element = el("div", { class: "proportions", "aria-hidden": "true" });
  for (const outcome of SEVERITY) {
    const count = counts.get(outcome) ?? 0;
    if (count === 0) continue;
    const part = el("span", {
      class: outcome,
      title: `${GLYPHS[outcome]} ${formatCount(count)} ${outcome}`,
    });
    part.style.flexGrow = String(count);
    if (isFailure(outcome)) part.style.minWidth = "4px";
    element.append(part);
  }
  return element;
}
