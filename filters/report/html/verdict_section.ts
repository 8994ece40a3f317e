/**
 * The verdict of an HTML report, readable without its script.
 *
 * @module
 */

import { type OutcomeCounts, OUTCOMES, type RunData } from "./data.ts";
import { htmlText } from "./markup.ts";
import {
  counted,
  formatCount,
  formatSeconds,
  formatSize,
  formatTime,
} from "./words.ts";

/** Outcomes in the order of a verdict, the worst first, and words for them. */
const ROWS = [
  ["fail", "failed"],
  ["uxsuccess", "succeeded unexpectedly"],
  ["lost", "lost"],
  ["skip", "skipped"],
  ["xfail", "failed as expected"],
  ["success", "passed"],
] as const;

/** Outcomes that make a run bad. */
const BAD = ROWS.slice(0, 3);

/** Returns the section about the run as a whole. */
export function verdictSection(run: RunData): string {
  return `<section id="verdict" class="${kindOf(run)}">
<h1>${htmlText(run.title)}</h1>
<p class="summary">${htmlText(summaryOf(run))}</p>
<ul class="counts">
${countsList(run)}</ul>
<dl class="run">
${runFacts(run)}</dl>
${routesTable(run)}</section>`;
}

function countOf(counts: OutcomeCounts, outcome: string): number {
  return counts[OUTCOMES.findIndex((name) => name === outcome)];
}

function kindOf(run: RunData): "good" | "bad" | "empty" {
  return isBad(run) ? "bad" : run.tests === 0 ? "empty" : "good";
}

function isBad({ counts, damage }: RunData): boolean {
  return damage > 0 || BAD.some(([outcome]) => countOf(counts, outcome) > 0);
}

/** The verdict in one sentence. */
function summaryOf(run: RunData): string {
  const { counts, tests, damage } = run;
  const parts = BAD.map(([outcome, words]) =>
    [countOf(counts, outcome), words] as const
  ).filter(([count]) => count > 0)
    .map(([count, words]) => `${formatCount(count)} ${words}`);
  const all = counted(tests, "test");
  if (!isBad(run)) {
    return tests === 0
      ? "No tests: the stream has no results."
      : `Good: ${all}, none failed.`;
  }
  const failed = parts.length === 0 ? all : `${parts.join(", ")} of ${all}`;
  return damage === 0
    ? `Failed: ${failed}.`
    : `Failed: ${failed}; the stream is damaged in ${
      counted(damage, "place")
    }.`;
}

function countsList({ counts, damage }: RunData): string {
  const items = ROWS.map(([outcome, words]) =>
    [outcome, countOf(counts, outcome), words] as const
  ).filter(([, count]) => count > 0);
  return [
    ...damage > 0 ? [["damage", damage, "damaged"] as const] : [],
    ...items,
  ].map(([name, count, words]) =>
    `<li class="${name}"><b>${formatCount(count)}</b> ${words}</li>\n`
  ).join("");
}

function runFacts(run: RunData): string {
  const { began, ended, commands, commit, textBytes, version } = run;
  const facts: [term: string, html: string][] = [];
  if (began !== null && ended !== null) {
    facts.push(
      ["Took", formatSeconds(ended - began)],
      ["Began", timeElement(began)],
      ["Ended", timeElement(ended)],
    );
  }
  if (commands.length > 0) {
    facts.push([
      commands.length === 1 ? "Command" : "Commands",
      commands.map((command) => `<code>${htmlText(command)}</code>`)
        .join("<br>"),
    ]);
  }
  if (commit !== null) facts.push(["Commit", htmlText(commit)]);
  if (textBytes > 0) {
    facts.push(["Text beside the tests", formatSize(textBytes)]);
  }
  facts.push(["Made by", `subunit2html ${htmlText(version)}`]);
  return facts.map(([term, html]) => `<dt>${term}</dt><dd>${html}</dd>\n`)
    .join("");
}

function timeElement(seconds: number): string {
  const text = formatTime(seconds);
  const machine = text.replace(" ", "T").replace(" UTC", "Z");
  return `<time datetime="${machine}">${text}</time>`;
}

/** A row for each route; nothing when no test has one. */
function routesTable({ routes, otherRoutes }: RunData): string {
  if (routes.every(([route]) => route === null)) return "";
  const all = routes.map(([route, counts]) =>
    [
      route === null ? "<i>none</i>" : htmlText(route),
      counts,
    ] as const
  );
  if (otherRoutes !== null) all.push(["<i>others</i>", otherRoutes]);
  const columns = ROWS.filter(([outcome]) =>
    all.some(([, counts]) => countOf(counts, outcome) > 0)
  );
  const head = columns.map(([, words]) => `<th scope="col">${words}</th>`);
  const rows = all.map(([name, counts]) => {
    const cells = columns.map(([outcome]) => {
      const count = countOf(counts, outcome);
      return `<td${count > 0 ? ` class="${outcome}"` : ""}>${
        formatCount(count)
      }</td>`;
    });
    return `<tr><th scope="row">${name}</th>${cells.join("")}</tr>\n`;
  });
  return `<table class="routes">
<caption>Routes</caption>
<thead><tr><th scope="col">Route</th>${head.join("")}</tr></thead>
<tbody>
${rows.join("")}</tbody>
</table>
`;
}
