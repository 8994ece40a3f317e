#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2github: what is wrong in a stream, at its place in the sources: as
 * annotations of a GitHub workflow, and as others want it.
 *
 * @module
 */

import { resolve } from "node:path";
import { Summary } from "@subunit/codec";
import { annotationsOf, gitlabIssue, plainLine } from "./github/annotations.ts";
import { isRegularFile } from "./kit/io/files.ts";
import { Archive } from "./kit/io/whole_packet_file.ts";
import {
  type Finding,
  findingOf,
  troubleOf,
  WorstFindings,
} from "./github/findings.ts";
import { jobSummary } from "./github/job_summary.ts";
import {
  type Report,
  type Reported,
  runReport,
  SINK_NOTES,
  SINK_OPTIONS,
} from "./report/report.ts";
import type { Project } from "./traceback/source_place.ts";
import {
  defineTool,
  type Output,
  parseChoice,
  REPORT_STATUS,
  runTool,
  type Tool,
  ToolError,
} from "./kit/tool/tool.ts";
import {
  CommandFreeText,
  MAX_ANNOTATIONS,
  MAX_SUMMARY_BYTES,
} from "./github/workflow_commands.ts";

/** How many tests of a kind a summary lists, if there is room. */
const MAX_LISTED = 200;
/** Room for what the runner makes of a summary: it masks secrets. */
const SPARE_BYTES = 32 * 1024;
/** How many files are remembered to be there, or not. */
const MAX_KNOWN_FILES = 10_000;

/** A form of the report that says what is wrong as it comes. */
interface LiveFormat {
  readonly begin: string;
  /** Says one thing that is wrong, behind so many others. */
  each(finding: Finding, before: number): string;
  readonly end: string;
}

/** Forms of the report; GitHub's says the worst first, at the end. */
const FORMATS = {
  github: undefined,
  gitlab: {
    begin: "[",
    each: (finding, before) =>
      `${before > 0 ? "," : ""}\n${gitlabIssue(finding)}`,
    end: "\n]\n",
  },
  plain: { begin: "", each: plainLine, end: "" },
} as const satisfies Record<string, LiveFormat | undefined>;

const FORMAT_NAMES = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

/** A file that takes a summary behind what is in it. */
class SummaryFile {
  readonly #archive: Archive;

  constructor(path: string) {
    this.#archive = new Archive(path, { append: true, sync: false });
  }

  /** Writes a summary, if it fits: of one too long GitHub shows nothing. */
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

/** Says what is wrong, and sums up. */
class FindingsReport implements Report {
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

  add(test: Reported): void {
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

/** The project in a directory, as far as its files can be seen. */
function projectIn(directory: string): Project {
  const root = resolve(directory);
  const known = new Map<string, boolean>();
  return {
    root,
    exists(path) {
      let isThere = known.get(path);
      if (isThere !== undefined) return isThere;
      isThere = isRegularFile(`${root}/${path}`);
      if (known.size === MAX_KNOWN_FILES) known.clear();
      known.set(path, isThere);
      return isThere;
    },
  };
}

export const tool: Tool = defineTool({
  name: "subunit2github",
  summary: "Annotate a GitHub workflow with what is wrong in a subunit stream",
  operands: "[FILE...]",
  options: {
    format: {
      value: "NAME",
      help: `the form of the report: ${FORMAT_NAMES.join(", ")}`,
    },
    root: {
      value: "DIR",
      help: "paths are relative to this, not to the working directory",
    },
    summary: {
      value: "FILE",
      help: "append a page in Markdown about all tests to this",
    },
    ...SINK_OPTIONS,
  },
  notes:
    `Errors are, worst first: damage (one for all), lost tests, failed ones, those
that succeeded unexpectedly. Tests tagged "flaky" that passed are warnings.
GitHub shows ${MAX_ANNOTATIONS} of a kind; a notice counts the others. The summary lists up to
${MAX_LISTED} of a kind, and is no longer than GitHub takes.
gitlab is a Code Quality report, plain a line as compilers print it for each.
The place is the innermost frame in the project of the test's traceback.
No text from the stream becomes a command of the workflow: it is shown line by
line, with "\\u003a" or "\\u005b" in what would be one. With --forward that is
up to what reads the stream.
${SINK_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    './runner | subunit2github --summary "$GITHUB_STEP_SUMMARY"',
    "subunit2github --format gitlab -o gl-code-quality-report.json run.subunit",
  ],
  run(io, options, files) {
    const format = FORMATS[
      parseChoice("format", options.format ?? "github", FORMAT_NAMES)
    ];
    const project = projectIn(options.root ?? ".");
    return runReport(io, options, files, (out) => {
      const summary = options.summary === undefined
        ? undefined
        : new SummaryFile(options.summary);
      return new FindingsReport(out, format, project, summary);
    }, { attachments: true, text: new CommandFreeText() });
  },
});

if (import.meta.main) runTool(tool);
