#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-output: writes an event from a shell script, with or without a file
 * attached.
 *
 * @module
 */

import {
  ATTACHMENT_PART_BYTES,
  encodePacket,
  now,
  parseTimestamp,
  splitAttachment,
  type StatusEvent,
  TEST_STATUSES,
  type TestStatus,
} from "@subunit/codec";
import { regroup } from "./kit/io/lines.ts";
import {
  chosenOption,
  defineTool,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

const STATUS_OPTIONS = Object.fromEntries(
  TEST_STATUSES.map((status) => [
    status,
    { value: "TEST_ID", help: `report the test as ${status}` },
  ]),
) as Record<TestStatus, { value: string; help: string }>;

/** Returns the event that the options describe, without the file's content. */
export function eventOf(
  options: Partial<Record<TestStatus, string>> & {
    "attach-file"?: string;
    "file-name"?: string;
    mimetype?: string;
    tag?: readonly string[];
    parent?: string;
    route?: string;
    timestamp?: string;
  },
): StatusEvent {
  const status = chosenOption(options, TEST_STATUSES);
  const file = options["attach-file"];
  for (const name of ["file-name", "mimetype"] as const) {
    if (options[name] !== undefined && file === undefined) {
      throw new UsageError(`Option --${name} needs --attach-file`);
    }
  }
  return {
    testId: status && options[status],
    status,
    tags: options.tag?.length ? [...new Set(options.tag)].sort() : undefined,
    runnable: true,
    fileName: file && (options["file-name"] ?? (file === "-" ? "stdin" : file)),
    mimeType: options.mimetype,
    eof: file !== undefined,
    routeCode: options.route,
    timestamp: timeOf(options.timestamp),
    parentTestId: options.parent,
  };
}

function timeOf(text: string | undefined) {
  if (text === undefined) return now();
  try {
    return parseTimestamp(text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

export const tool: Tool = defineTool({
  name: "subunit-output",
  summary: "Write an event, as a subunit stream of one",
  operands: "",
  options: {
    ...STATUS_OPTIONS,
    "attach-file": {
      value: "FILE",
      help: "attach a file; - is standard input",
    },
    "file-name": { value: "NAME", help: "the name of the attachment" },
    mimetype: { value: "TYPE", help: "the MIME type of the attachment" },
    tag: { value: "TAG", list: true, help: "add a tag; may be repeated" },
    parent: { value: "TEST_ID", help: "the parent of a subtest" },
    route: { value: "CODE", help: "the route code of the event" },
    timestamp: { value: "TIME", help: "the time (RFC 3339), by default now" },
  },
  notes: "A file without a status is attached to the run as a whole.",
  exitStatus: ["the event was written", "never"],
  examples: [
    "subunit-output --inprogress deploy; ./deploy > log",
    "subunit-output --fail deploy --attach-file log --mimetype text/plain",
  ],
  run(io, options, operands) {
    if (operands.length > 0) {
      throw new UsageError(`Unexpected operand "${operands[0]}"`);
    }
    const event = eventOf(options);
    const file = options["attach-file"];
    const events = file === undefined ? [event] : splitAttachment(
      event,
      regroup(io.chunks([file]), ATTACHMENT_PART_BYTES),
    );
    try {
      for (const part of events) io.out.write(encodePacket(part));
    } catch (error) {
      // The command line has a value that no packet can hold.
      if (error instanceof RangeError) throw new UsageError(error.message);
      throw error;
    }
  },
});

if (import.meta.main) runTool(tool);
