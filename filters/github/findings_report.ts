/**
 * Reports on what is wrong, at its place in the sources.
 *
 * @module
 */

import { Summary } from "@subunit/codec";
import { ToolError } from "../kit/errors.ts";
import type { Output } from "../kit/io/input.ts";
import { Archive } from "../kit/io/whole_packet_file.ts";
import type { Report, ReportedTest } from "../report/report.ts";
import type { Project } from "../traceback/source_place.ts";
import { annotationsOf, gitlabIssue, plainLine } from "./annotations.ts";
import {
  type Finding,
  findingOf,
  troubleOf,
  WorstFindings,
} from "./findings.ts";
import { jobSummary } from "./job_summary.ts";
import { MAX_ANNOTATIONS, MAX_SUMMARY_BYTES } from "./workflow_commands.ts";

/** How many tests of a kind a summary lists, if there is room. */
export const MAX_LISTED = 200;
/** Room for what the runner makes of a summary: it masks secrets. */
const SPARE_BYTES = 32 * 1024;

/** A form of the report that says what is wrong as it comes. */
interface LiveFormat {
  readonly begin: string;
  /** Says one thing that is wrong, behind so many others. */
  each(finding: Finding, before: number): string;
  readonly end: string;
}

/** Forms of the report; GitHub's says the worst first, at the end. */
export const FORMATS = {
  github: undefined,
  gitlab: {
    begin: "[",
    each: (finding, before) =>
      `${before > 0 ? "," : ""}\n${gitlabIssue(finding)}`,
    end: "\n]\n",
  },
  plain: { begin: "", each: plainLine, end: "" },
} as const satisfies Record<string, LiveFormat | undefined>;

export const FORMAT_NAMES = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

/** A file that takes a summary behind what is in it. */
export class SummaryFile {
  readonly #archive: Archive;

  constructor(path: string) {
    this.#archive = new Archive(path, { append: true, sync: false });
  }

  /** Writes a summary, if it fits: of one too long GitHub shows nothing. */
  write(counts: Summary, findings: readonly WorstFindings[]): void {
    const { path } = this.#archive;
    const { size } = Deno.statSync(path);
    const room = MAX_SUMMARY_BYTES - SPARE_BYTES - size;
    const page = jobSummary(counts, findings, room);
    if (page.length > room) {
      throw new ToolError(
        `Cannot write "${path}": there are ${size} bytes in it, and GitHub takes ${MAX_SUMMARY_BYTES}: make room`,
      );
    }
    this.#archive.write(page);
  }
}

/** Says what is wrong, and sums up. */
export class FindingsReport implements Report {
  readonly #out: Output;
  readonly #format: LiveFormat | undefined;
  readonly #project: Project;
  readonly #summary: SummaryFile | undefined;
  readonly #counts = new Summary();
  readonly #errors: WorstFindings;
  readonly #warnings: WorstFindings;
  #said = 0;

  constructor(
    out: Output,
    format: LiveFormat | undefined,
    project: Project,
    summary: SummaryFile | undefined,
  ) {
    this.#out = out;
    this.#format = format;
    this.#project = project;
    this.#summary = summary;
    const limit = summary === undefined ? MAX_ANNOTATIONS : MAX_LISTED;
    this.#errors = new WorstFindings(limit);
    this.#warnings = new WorstFindings(limit);
    out.writeText(format?.begin ?? "");
  }

  add(test: ReportedTest): void {
    const trouble = troubleOf(test);
    if (trouble === "damage") this.#counts.damage++;
    else this.#counts.outcomes[test.outcome]++;
    if (trouble === undefined) return;
    let made: Finding | undefined;
    const finding = () => made ??= findingOf(test, trouble, this.#project);
    (trouble === "flaky" ? this.#warnings : this.#errors).add(trouble, finding);
    if (this.#format === undefined) return;
    this.#out.writeText(this.#format.each(finding(), this.#said++));
  }

  end(): void {
    this.#out.writeText(
      this.#format?.end ?? annotationsOf(this.#errors, this.#warnings),
    );
    // Whatever becomes of the summary.
    this.#out.flush();
    this.#summary?.write(this.#counts, [this.#errors, this.#warnings]);
  }
}
