#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2html: a report as one HTML file, which opens from the disk in any
 * browser and loads nothing.
 *
 * @module
 */

import { isRegularFile } from "./kit/io/files.ts";
import { absolutePath } from "./kit/io/paths.ts";
import { endsFor } from "./kit/text/content.ts";
import {
  defineTool,
  parseBytes,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";
import { AttachmentsFolder } from "./report/html/attachments_folder.ts";
import { MAX_STATIC_ARTICLES } from "./report/html/data.ts";
import { HtmlReport } from "./report/html/html_report.ts";
import { pageTexts } from "./report/html/page_texts.ts";
import { RunFacts } from "./report/html/run_facts.ts";
import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
import { projectIn } from "./traceback/project.ts";

export const tool: Tool = defineTool({
  name: "subunit2html",
  summary: "Make one HTML page of a subunit stream, to read and search",
  operands: "[FILE...]",
  options: {
    title: { value: "TEXT", help: 'the heading (default "Test results")' },
    commit: { value: "NAME", help: "the commit that was tested, to be shown" },
    root: {
      value: "DIR",
      help: "mark the frames of tracebacks that are below DIR",
    },
    "max-attachment": {
      value: "SIZE",
      help: "cut longer files (default 1M; units: K, M, G, T)",
    },
    attachments: {
      value: "DIR",
      help: "write longer files to DIR, and link to them",
    },
    history: {
      value: "DIR",
      help: "tag failures with the run of a repository since which they fail",
    },
    ...REPORT_OPTIONS,
  },
  notes:
    `The page is one file that needs no network. It shows the verdict, the failures with
their reasons and files, and all tests: search them, sort them, see them in time.
Without JavaScript, the verdict and the failures are there to read; after the first
${MAX_STATIC_ARTICLES}, a failure is shown when it is searched for.
Text from the stream is never markup. PNG, JPEG, GIF and WebP files are shown as
images, other files that are not text can be saved.
${REPORT_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit2html -o report.html run.subunit",
    './runner | subunit2html --commit "$(git rev-parse HEAD)" > report.html',
  ],
  async run(io, options, files) {
    const { title = "Test results", commit, attachments, history: dir } =
      options;
    const maxAttachmentBytes = parseBytes(
      "max-attachment",
      options["max-attachment"] ?? "1M",
    );
    const folder = attachments === undefined
      ? undefined
      : new AttachmentsFolder(attachments, options["output-to"]);
    const project = projectIn(
      absolutePath(options.root ?? "."),
      absolutePath("."),
      isRegularFile,
    );
    const facts = new RunFacts({ title, commit });
    // Loaded only here: every module adds to the start-up time.
    const past = dir === undefined
      ? undefined
      : await (await import("./history/repository/past.ts")).Past.read(io, dir);
    const tagsOf = past && past.tagsOf.bind(past);
    const page = await pageTexts();
    return runReport(
      io,
      options,
      files,
      (out) =>
        new HtmlReport(out, facts, {
          page,
          maxAttachmentBytes,
          folder,
          project,
          tagsOf,
        }),
      {
        attachments: folder !== undefined || endsFor(maxAttachmentBytes),
        other: (item) => facts.addOther(item),
      },
    );
  },
});

if (import.meta.main) runTool(tool);
