/**
 * A job summary: the counts and findings of a run as a page in Markdown.
 *
 * Names and reasons of tests are in HTML, inside `<code>` and `<pre>`: there
 * only "<" and "&" mean anything, and there are no mentions, issue numbers or
 * links. A block that begins with `<pre>` goes on, past blank lines, to the
 * next `</pre>`; other blocks end at a blank line. Source: the GitHub Flavored
 * Markdown specification, 4.6.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { Summary } from "@subunit/codec";
import { cutLine } from "../kit/text/shorten.ts";
import { countsInWords, type Finding, type WorstFindings } from "./findings.ts";
import { visibleText } from "../kit/text/visible.ts";
import { xmlText } from "../kit/text/xml.ts";

const MAX_NAME_LENGTH = 500;
/** Room for the words about what is left out. */
const FOOT_BYTES = 500;

const encoder = new TextEncoder();

/**
 * The page about a run.
 *
 * @param groups the findings to list, in this order
 * @param mostBytes the most bytes it may take; the counts are written anyway
 */
export function jobSummary(
  counts: Summary,
  groups: readonly WorstFindings[],
  mostBytes: number,
): Uint8Array {
  const parts = [encoder.encode(headOf(counts))];
  let room = mostBytes - parts[0].length - FOOT_BYTES * groups.length;
  for (const findings of groups) {
    let shown = 0;
    for (const finding of findings.worst) {
      const entry = encoder.encode(entryOf(finding));
      if (entry.length > room) break;
      room -= entry.length;
      parts.push(entry);
      shown++;
    }
    const rest = countsInWords(findings.besides(shown));
    if (rest !== "") parts.push(encoder.encode(`Not listed: ${rest}.\n\n`));
  }
  return concat(parts);
}

/** The number of tests by outcome. */
function headOf(counts: Summary): string {
  const { total, failed, passed, skipped, damage } = counts;
  const { fail, uxsuccess, lost, xfail } = counts.outcomes;
  const rows: [words: string, count: number][] = [
    ["Damaged places in the stream", damage],
    ["Lost: started and never ended", lost],
    ["Failed", fail],
    ["Succeeded unexpectedly", uxsuccess],
    ["Passed", passed],
    ["of these, failed as expected", xfail],
    ["Skipped", skipped],
  ];
  const title = total === 0
    ? "No tests"
    : failed === 0
    ? `Of ${total} tests none failed`
    : `${failed} of ${total} tests failed`;
  return [
    `## ${title}`,
    "",
    "| Tests | |",
    "| :-- | --: |",
    ...rows.filter(([, count]) => count > 0)
      .map(([words, count]) => `| ${words} | ${count} |`),
    "",
    "",
  ].join("\n");
}

function entryOf({ name, words, text, place }: Finding): string {
  const shown = [
    `${codeOf(cutLine(name, MAX_NAME_LENGTH))} ${words}`,
    ...place === undefined ? [] : [codeOf(`${place.path}:${place.line}`)],
  ].join(", ");
  return text === ""
    ? `<p>${shown}</p>\n\n`
    : `<details><summary>${shown}</summary>\n\n<pre>\n${
      xmlText(text)
    }\n</pre>\n\n</details>\n\n`;
}

function codeOf(line: string): string {
  return `<code>${xmlText(visibleText(line))}</code>`;
}
