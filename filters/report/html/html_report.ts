/**
 * A report as one HTML file, written as the tests end: those that went wrong as
 * articles, all of them as lines of data, and the run as a whole at the end,
 * where the page shows it first. A file that breaks off has all that came before.
 *
 * Layout: `data.ts`.
 *
 * @module
 */

import { isFailure, type Rows, type Timestamp } from "@subunit/codec";
import { Constant } from "../../kit/io/byte_writer.ts";
import type { Verdict } from "../../kit/stream/verdict.ts";
import { type Output, VERSION } from "../../kit/tool/tool.ts";
import type { Report, ReportedTest } from "../report.ts";
import { type ArticleOptions, TestArticle } from "./article.ts";
import { MAX_STATIC_ARTICLES, OUTCOMES, type TestLine } from "./data.ts";
import { DataRows } from "./data_rows.ts";
import { htmlText, scriptJson } from "./markup.ts";
import { type PageTexts, SCRIPT_HASH, STYLE_HASH } from "./page_texts.ts";
import type { RunFacts } from "./run_facts.ts";
import { verdictSection } from "./verdict_section.ts";

/** A block of data is closed when it is this long, in UTF-16 units. */
const BLOCK_LENGTH = 64 * 1024;
const BLOCK_START = `<script type="application/json" class="tests">\n`;
const FIRST_LINE = Constant.of(BLOCK_START), NEXT_LINE = Constant.of("\n");

/** Allows what the writer made, by its hash, and nothing else. */
const POLICY = [
  "default-src 'none'",
  `script-src '${SCRIPT_HASH}'`,
  `style-src '${STYLE_HASH}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** What a page shows beside the tests. */
export interface HtmlOptions extends ArticleOptions {
  readonly page: PageTexts;
  /** More tags for a test; there may be none. */
  readonly tagsOf?: (
    testId: string,
    outcome: ReportedTest["outcome"],
  ) => readonly string[];
}

/** Writes a report about tests. */
export class HtmlReport implements Report {
  readonly #out: Output;
  readonly #facts: RunFacts;
  readonly #options: HtmlOptions;
  /** How many lines of data there are. */
  #tests = 0;
  #articles = 0;
  /** How long the open block of data is; 0 when none is open. */
  #blockLength = 0;

  #rows: DataRows | undefined;

  constructor(out: Output, facts: RunFacts, options: HtmlOptions) {
    this.#out = out;
    this.#facts = facts;
    this.#options = options;
    out.writeText(headOf(facts.title, options.page));
  }

  add(reported: ReportedTest): void {
    const test = this.#tagged(reported), number = ++this.#tests;
    this.#facts.add(test);
    const isShown = isFailing(test) || isFlaky(test);
    const article = isShown || test.attachments.length > 0
      ? new TestArticle(test)
      : undefined;
    this.#writeLine(scriptJson(
      [
        test.testId,
        OUTCOMES.indexOf(test.outcome),
        secondsOf(test.started ?? test.ended),
        durationOf(test),
        test.routeCode ?? null,
        test.tags,
        test.parentTestId ?? null,
        article === undefined ? 0 : 1,
        article?.headline ?? null,
        ...test.runnable === false ? [1] as const : [] as const,
      ] satisfies TestLine,
    ));
    if (article === undefined) return;
    this.#closeBlock();
    const id = `t${number}`;
    const isStatic = isShown && ++this.#articles <= MAX_STATIC_ARTICLES;
    const html = article.html(
      number,
      isStatic ? id : undefined,
      isShown,
      this.#options,
    );
    this.#out.writeText(
      isStatic
        ? html
        : isShown
        ? `<noscript id="${id}">${html}</noscript>\n`
        : `<script type="text/html" id="${id}">${html}</script>\n`,
    );
  }

  #tagged(test: ReportedTest): ReportedTest {
    const { testId, outcome, routeCode, started, ended, seconds } = test;
    const more = this.#options.tagsOf?.(testId, outcome) ?? [];
    if (more.length === 0) return test;
    const { parentTestId, attachments, runnable } = test;
    const tags = [...test.tags, ...more];
    return {
      testId,
      outcome,
      tags,
      routeCode,
      started,
      ended,
      seconds,
      parentTestId,
      attachments,
      runnable,
    };
  }

  #writeLine(line: string): void {
    this.#out.writeText((this.#blockLength === 0 ? BLOCK_START : "\n") + line);
    this.#endLine(line.length);
  }

  #endLine(length: number): void {
    this.#blockLength += length + 1;
    if (this.#blockLength > BLOCK_LENGTH) this.#closeBlock();
  }

  addRow(rows: Rows, i: number, tests: Verdict): void {
    const fast = this.#rows ??= new DataRows(this.#out, this.#facts);
    const before = this.#blockLength === 0 ? FIRST_LINE : NEXT_LINE;
    // A terminal gets text, which is visible in all of the report.
    const length = this.#out.isTerminal
      ? 0
      : fast.write(rows, i, tests, before);
    if (length > 0) {
      this.#tests++;
      this.#endLine(length);
    } else {
      fast.flush();
      this.add(tests.endedTest(rows, i));
    }
  }

  endRows(): void {
    this.#rows?.flush();
  }

  #closeBlock(): void {
    if (this.#blockLength === 0) return;
    this.#rows?.flush();
    this.#out.writeText("\n</script>\n");
    this.#blockLength = 0;
  }

  /** So that the page can be read while it is written. */
  endChunk(): void {
    this.#out.flush();
  }

  end(): void {
    this.#closeBlock();
    if (this.#articles === 0) this.#out.writeText("<p>None.</p>\n");
    const run = this.#facts.data(VERSION);
    this.#out.writeText(`</section>
${verdictSection(run)}
<script type="application/json" id="run">${scriptJson(run)}</script>
</main>
</body>
</html>
`);
  }
}

function headOf(title: string, { script, style }: PageTexts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${htmlText(title)}</title>
<style>${style}</style>
<script>${script}</script>
</head>
<body>
<main id="report">
<p id="cut">This report breaks off: what follows was never written, or is still being written.</p>
<noscript><p>Without JavaScript, the list of all tests, the search and the timeline are missing.</p></noscript>
<section id="failures">
<h2>Failures</h2>
`;
}

function isFailing({ outcome }: ReportedTest): boolean {
  return isFailure(outcome);
}

/** Whether a test passed after it had failed. */
function isFlaky({ outcome, tags }: ReportedTest): boolean {
  return outcome === "success" && tags.includes("flaky");
}

/** A time as seconds since 1970, to the microsecond. */
function secondsOf(time: Timestamp | undefined): number | null {
  if (time === undefined) return null;
  return time.seconds + Math.floor(time.nanoseconds / 1e3) / 1e6;
}

/** How long a test took in seconds, to the microsecond. */
function durationOf({ started, ended }: ReportedTest): number | null {
  if (started === undefined || ended === undefined) return null;
  const nanoseconds = (ended.seconds - started.seconds) * 1e9 +
    (ended.nanoseconds - started.nanoseconds);
  return Math.round(nanoseconds / 1e3) / 1e6;
}
