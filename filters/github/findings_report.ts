/**
 * Reports of findings with their places in the sources.
 *
 * @module
 */

import { Summary } from "@subunit/codec";
import { ToolError } from "../kit/errors.ts";
import type { Output } from "../kit/io/output.ts";
import { Archive } from "../kit/io/whole_packet_file.ts";
import { faultIn } from "../kit/stream/fault_tag.ts";
import type { Report, ReportedTest } from "../report/report.ts";
import type { Project } from "../traceback/source_place.ts";
import { annotationsOf, plainLine } from "./annotations.ts";
import { CodeQuality } from "./code_quality.ts";
import {
  type Finding,
  findingKindOf,
  findingOf,
  WorstFindings,
} from "./findings.ts";
import { jobSummary } from "./job_summary.ts";
import { MAX_ANNOTATIONS, MAX_SUMMARY_BYTES } from "./workflow_commands.ts";

/** How many tests of a kind a summary lists, if there is room. */
export const MAX_LISTED = 200;
/** Room for the runner, which makes a summary longer when it masks secrets. */
const SPARE_BYTES = 32 * 1024;

/** A format that writes each finding as it arrives. */
interface LiveFormat {
  readonly begin: string;
  /** Formats a finding that has `before` others in front of it. */
  each(finding: Finding, before: number): string;
  readonly end: string;
}

function gitlab(): LiveFormat {
  const issues = new CodeQuality();
  return {
    begin: "[",
    each: (finding, before) =>
      `${before > 0 ? "," : ""}\n${issues.issueOf(finding)}`,
    end: "\n]\n",
  };
}

/** Formats of the report. GitHub's is written at the end, worst findings first. */
export const FORMATS = {
  github: () => undefined,
  gitlab,
  plain: () => ({ begin: "", each: plainLine, end: "" }),
} as const satisfies Record<string, () => LiveFormat | undefined>;

export const FORMAT_NAMES = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

/** A file that a job summary is appended to. */
export class JobSummaryFile {
  readonly #archive: Archive;

  constructor(path: string) {
    this.#archive = new Archive(path, { append: true, sync: false });
  }

  /** Appends a page, if it fits: GitHub shows nothing of one too long. */
  write(counts: Summary, findings: readonly WorstFindings[]): void {
    const { path, size } = this.#archive;
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

/** Writes findings and, if there is a file for it, a job summary. */
export class FindingsReport implements Report {
  readonly #out: Output;
  readonly #format: LiveFormat | undefined;
  readonly #project: Project;
  readonly #jobSummary: JobSummaryFile | undefined;
  readonly #counts = new Summary();
  readonly #errors = new WorstFindings(MAX_ANNOTATIONS);
  readonly #warnings = new WorstFindings(MAX_ANNOTATIONS);
  /** The errors and the warnings of the summary, which lists each test. */
  readonly #listed = [
    new WorstFindings(MAX_LISTED),
    new WorstFindings(MAX_LISTED),
  ];
  /** How many findings are written. */
  #written = 0;

  constructor(
    out: Output,
    format: LiveFormat | undefined,
    project: Project,
    jobSummary: JobSummaryFile | undefined,
  ) {
    this.#out = out;
    this.#format = format;
    this.#project = project;
    this.#jobSummary = jobSummary;
    out.writeText(format?.begin ?? "");
  }

  add(test: ReportedTest): void {
    const kind = findingKindOf(test);
    if (kind === "damage") this.#counts.damage++;
    else this.#counts.outcomes[test.outcome]++;
    if (kind === undefined) return;
    let made: Finding | undefined;
    const finding = () => made ??= findingOf(test, kind, this.#project);
    const isWarning = kind === "flaky";
    (isWarning ? this.#warnings : this.#errors)
      .add(kind, finding, faultIn(test.tags));
    if (this.#jobSummary !== undefined) {
      this.#listed[isWarning ? 1 : 0].add(kind, finding);
    }
    if (this.#format === undefined) return;
    this.#out.writeText(this.#format.each(finding(), this.#written++));
  }

  end(): void {
    this.#out.writeText(
      this.#format?.end ?? annotationsOf(this.#errors, this.#warnings),
    );
    // The report is complete even if the job summary cannot be written.
    this.#out.flush();
    this.#jobSummary?.write(this.#counts, this.#listed);
  }
}
