/**
 * A test as an article: what happened, why, and its files.
 *
 * @module
 */

import { type Attachment, isFailure, type Outcome } from "@subunit/codec";
import { byteLengthOf, cutContent } from "../../kit/text/content.ts";
import { cutLine } from "../../kit/text/shorten.ts";
import { visibleText } from "../../kit/text/visible.ts";
import { withoutColors } from "../../traceback/grammars.ts";
import {
  headlineOf,
  isText,
  MAX_READ_LENGTH,
  reasonIn,
} from "../../traceback/reason.ts";
import type { Project } from "../../traceback/source_place.ts";
import type { ReportedTest } from "../report.ts";
import { DAMAGE_TITLE, isDamage, MAX_HEADLINE_LENGTH } from "./data.ts";
import { plainText, tracebackText } from "./file_text.ts";
import { htmlText } from "./markup.ts";
import { fileElement, type FileOptions } from "./test_file.ts";
import { formatSeconds } from "./words.ts";

/** How articles are made. */
export interface ArticleOptions extends FileOptions {
  /** Whose frames are marked as its own. */
  readonly project: Project;
}

/** Headlines of tests without a reason. */
const DEFAULT_HEADLINES: Partial<Record<Outcome, string>> = {
  lost: "The test started and never ended",
  uxsuccess: "The test succeeded, which was not expected",
};

/**
 * In how many UTF-16 units of a test's files frames are looked for, the reason
 * first: longer files are logs, and reading them takes 10 ms.
 */
const MAX_TRACEBACK_LENGTH = 32 * 1024;

/** A file of an earlier attempt at the test. */
const OF_ATTEMPT = /^attempt-(\d+) (.+)$/s;

/** A test, read for its article. */
export class TestArticle {
  readonly #test: ReportedTest;
  /** Of a test, they are made each time they are asked for. */
  readonly #files: readonly Attachment[];
  readonly #reason: Attachment | undefined;
  /** In how many UTF-16 units more to look for frames. */
  #toRead = 0;
  /** Why it ended as it did, in one visible line. */
  readonly headline: string | undefined;

  constructor(test: ReportedTest) {
    this.#test = test;
    const { outcome, attachments } = test;
    this.#files = attachments;
    const texts = attachments.filter((file) =>
      isText(file) && byteLengthOf(file) > 0
    );
    const isFailed = isFailure(outcome) || test.tags.includes("flaky");
    const reason = this.#reason = reasonIn(texts, isFailed);
    const line = reason &&
      headlineOf(reason.name, cutContent(reason, MAX_READ_LENGTH));
    this.headline = line
      ? cutLine(visibleText(withoutColors(line)), MAX_HEADLINE_LENGTH)
      : DEFAULT_HEADLINES[outcome];
  }

  /**
   * Returns the article.
   *
   * @param id undefined for one that stands inside an element with the id
   * @param marksFrames whether to look for frames, which takes time
   */
  html(
    number: number,
    id: string | undefined,
    marksFrames: boolean,
    options: ArticleOptions,
  ): string {
    this.#toRead = marksFrames ? MAX_TRACEBACK_LENGTH : 0;
    const { testId, outcome } = this.#test;
    return `<article${
      id === undefined ? "" : ` id="${id}"`
    } class="test ${outcome}">
<h3><a href="#test=${number}">${
      isDamage(testId, outcome) ? DAMAGE_TITLE : htmlText(testId)
    }</a></h3>
<p class="facts">${this.#facts()}</p>
${
      this.headline === undefined
        ? ""
        : `<p class="headline">${htmlText(this.headline)}</p>\n`
    }${this.#elements(options)}</article>
`;
  }

  #facts(): string {
    const { outcome, routeCode, seconds, tags, parentTestId } = this.#test;
    const facts = [`<b class="outcome">${outcome}</b>`];
    const add = (name: string, text: string | undefined) => {
      if (text !== undefined) {
        facts.push(`<span class="${name}">${htmlText(text)}</span>`);
      }
    };
    add("route", routeCode && `route ${routeCode}`);
    add("seconds", seconds === undefined ? undefined : formatSeconds(seconds));
    add("parent", parentTestId && `subtest of ${parentTestId}`);
    for (const tag of tags) add("tag", tag);
    return facts.join(" ");
  }

  #elements(options: ArticleOptions): string {
    const reason = this.#reason;
    const attempts = new Map<string, string>();
    let html = "";
    // The reason first.
    const files = [
      ...reason === undefined ? [] : [reason],
      ...this.#files.filter((file) => file !== reason),
    ];
    for (const file of files) {
      const [, attempt, rest] = OF_ATTEMPT.exec(file.name) ?? [];
      const element = this.#file(file, rest ?? file.name, options);
      if (attempt === undefined) html += element;
      else attempts.set(attempt, (attempts.get(attempt) ?? "") + element);
    }
    const isOpen = reason !== undefined && OF_ATTEMPT.test(reason.name);
    for (const [attempt, elements] of attempts) {
      html += `<details class="attempt"${
        isOpen ? " open" : ""
      }><summary>Attempt ${attempt}</summary>
${elements}</details>
`;
    }
    return html;
  }

  #file(
    file: Attachment,
    name: string,
    options: ArticleOptions,
  ): string {
    return fileElement(file, {
      test: this.#test,
      name,
      isReason: file === this.#reason,
      markText: (text) => this.#marked(text, options.project),
    }, options);
  }

  #marked(text: string, project: Project): string {
    if (text.length > this.#toRead) return plainText(text);
    this.#toRead -= text.length;
    return tracebackText(text, this.#test, project);
  }
}
