/**
 * A test as an article: what happened, why, and its files.
 *
 * @module
 */

import { isFailure } from "@subunit/codec";
import { byteLengthOf, cutContent } from "../../kit/text/content.ts";
import { cutLine } from "../../kit/text/shorten.ts";
import { visibleText } from "../../kit/text/visible.ts";
import { headlineOf, isText, reasonIn } from "../../traceback/reason.ts";
import type { ReportedTest } from "../report.ts";
import { MAX_HEADLINE_LENGTH } from "./data.ts";
import { htmlLines, htmlText } from "./markup.ts";

/** How articles are made. */
export interface ArticleOptions {
  /** The longest file that is in the report, in bytes. */
  readonly maxAttachmentBytes: number;
}

/** Returns the article of a test, and its headline. */
export function articleOf(
  test: ReportedTest,
  number: number,
  hasId: boolean,
  { maxAttachmentBytes }: ArticleOptions,
): { headline: string | undefined; html: string } {
  const { testId, outcome, routeCode, seconds, tags, attachments } = test;
  const texts = attachments.filter((file) =>
    isText(file) && byteLengthOf(file) > 0
  );
  const reason = reasonIn(texts, isFailure(outcome));
  const line = reason &&
    headlineOf(reason.name, cutContent(reason, maxAttachmentBytes));
  const headline = line &&
    cutLine(visibleText(line), MAX_HEADLINE_LENGTH);
  const facts = [
    `<b class="outcome">${outcome}</b>`,
    routeCode === undefined
      ? ""
      : `<span class="route">${htmlText(routeCode)}</span>`,
    seconds === undefined ? "" : `<span class="seconds">${seconds} s</span>`,
    ...tags.map((tag) => `<span class="tag">${htmlText(tag)}</span>`),
  ].filter((fact) => fact !== "").join(" ");
  const files = texts.map((file) =>
    `<details class="file${file === reason ? " reason" : ""}" open><summary>${
      htmlText(file.name)
    }</summary><pre>
${htmlLines(cutContent(file, maxAttachmentBytes))}</pre></details>\n`
  );
  return {
    headline,
    html: `<article${hasId ? ` id="t${number}"` : ""} class="test ${outcome}">
<h3><a href="#test=${number}">${htmlText(testId)}</a></h3>
<p class="facts">${facts}</p>
${headline ? `<p class="headline">${htmlText(headline)}</p>\n` : ""}${
      files.join("")
    }</article>
`,
  };
}
