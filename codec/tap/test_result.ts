/**
 * A test whose result is known and that may still get diagnostics.
 *
 * @module
 */

import {
  type EventDraft,
  type StatusEvent,
  type TestStatus,
  TEXT_TYPE,
} from "../event.ts";
import { addSeconds, type Timestamp } from "../timestamp.ts";
import { decodeLenient } from "../text/utf8.ts";
import { Attachment } from "./attachment.ts";

/** The attachment with the decoder's own remarks on a test. */
export const META = "tap meta";

/**
 * Longer attachments are emitted in parts, so that a test that prints without
 * end is not collected.
 */
const MAX_PART_BYTES = 1024 * 1024;

const encoder = new TextEncoder();

const YAML_SEPARATOR = encoder.encode("---");

/** Collects what belongs to a test, to be emitted before its last event. */
export class TestResult {
  /** Empty while it is not known. */
  testId: string;
  /** The parent, if that is not the test of a level. */
  parentTestId: string | undefined;
  /** The tags of the last event. */
  tags: readonly string[] | undefined;
  /** The time of the `inprogress` event, if there was one. */
  started: Timestamp | undefined;
  #status: TestStatus;
  readonly #time: Timestamp | undefined;
  #duration: number | undefined;
  // Most tests have no files.
  #reason: Attachment | undefined;
  #comment: Attachment | undefined;
  #yaml: Attachment | undefined;
  #meta: Attachment | undefined;

  /** @param time when the result was read, if there is a clock */
  constructor(
    testId: string,
    status: TestStatus,
    time: Timestamp | undefined,
    started: Timestamp | undefined,
  ) {
    this.testId = testId;
    this.started = started;
    this.#status = status;
    this.#time = time;
  }

  /** Adds why the test was skipped. */
  addReason(text: string): void {
    this.#reason ??= new Attachment("reason", TEXT_TYPE);
    this.#reason.addLine(encoder.encode(text));
  }

  /** Adds why the plan of the test's subtests skipped them. */
  addSkipReason(text: string): void {
    if (this.#status !== "skip") this.addText(text);
    else if (this.#reason === undefined) this.addReason(text);
  }

  /** Adds a line of comment. */
  addComment(line: Uint8Array): void {
    this.#comment ??= new Attachment("tap comment", TEXT_TYPE);
    this.#comment.addLine(line);
  }

  /** Adds the comment of the test point itself. */
  addText(text: string): void {
    this.addComment(encoder.encode(text));
    this.#duration ??= readDuration(text);
  }

  /**
   * Begins a YAML block. QUnit writes one for each assertion that failed: they
   * become documents of one file.
   */
  beginYaml(): void {
    this.#yaml?.addLine(YAML_SEPARATOR);
  }

  /** Adds a line of the YAML block. */
  addYaml(line: Uint8Array): void {
    // testtools shows text types to people, and "application/yaml" is not one.
    this.#yaml ??= new Attachment("tap yaml", "text/x-yaml");
    this.#yaml.addLine(line);
    if (line.length <= MAX_DURATION_BYTES) {
      this.#duration ??= readDuration(decodeLenient(line));
    }
  }

  /** Makes the test a failure, for a reason that the producer did not give. */
  fail(reason: string): void {
    const reported = this.#status === "fail"
      ? ""
      : `; reported as ${this.#status}`;
    this.#status = "fail";
    this.note(reason + reported);
  }

  /** Adds a remark of the decoder. */
  note(text: string): void {
    this.#meta ??= new Attachment(META, TEXT_TYPE);
    this.#meta.addLine(encoder.encode(text));
  }

  /** Whether an attachment is too long to be held. */
  get isLong(): boolean {
    return (this.#longest?.size ?? 0) > MAX_PART_BYTES;
  }

  /** Takes the attachment that is too long out, as a part of a file. */
  takePart(): StatusEvent {
    return this.#event(this.#time, this.#longest, false);
  }

  get #longest(): Attachment | undefined {
    const comment = this.#comment, yaml = this.#yaml;
    return (comment?.size ?? 0) > (yaml?.size ?? 0) ? comment : yaml;
  }

  /** The events that end the test. */
  end(): StatusEvent[] {
    const [started, ended] = this.#times();
    const events: EventDraft[] = [];
    for (const file of [this.#reason, this.#comment, this.#yaml, this.#meta]) {
      if (file !== undefined) events.push(this.#event(ended, file, true));
    }
    if (events.length === 0) events.push(this.#event(ended));
    const last = events.at(-1)!;
    last.status = this.#status;
    if (this.tags !== undefined) last.tags = this.tags;
    if (started === undefined) return events;
    const first = this.#event(started);
    first.status = "inprogress";
    return [first, ...events];
  }

  /**
   * When the test started, if that is still to be emitted, and when it ended.
   *
   * A duration that the producer measured counts more than the clock, which
   * gives the time when lines were read: Node's runner prints "# Subtest" and
   * the test point at once. So a test whose start has been emitted ends a
   * duration after it.
   */
  #times(): [Timestamp | undefined, Timestamp | undefined] {
    if (this.#time === undefined || this.#duration === undefined) {
      return [undefined, this.#time];
    }
    return this.started === undefined
      ? [addSeconds(this.#time, -this.#duration), this.#time]
      : [
        undefined,
        addSeconds(this.started, this.#duration) ?? this.#time,
      ];
  }

  #event(
    timestamp: Timestamp | undefined,
    file?: Attachment,
    eof?: boolean,
  ): EventDraft {
    const event: EventDraft = { testId: this.testId, runnable: false };
    if (this.parentTestId) event.parentTestId = this.parentTestId;
    if (file !== undefined) {
      event.fileName = file.name;
      event.fileBytes = file.take();
      event.mimeType = file.mimeType;
      if (eof) event.eof = true;
    }
    if (timestamp !== undefined) event.timestamp = timestamp;
    return event;
  }
}

/** In YAML, as Node's runner and node-tap print it. */
const YAML_DURATION = /^duration_ms:\s*["']?([\d.eE+-]+)["']?$/;
/** After a test, as node-tap, vitest, brittle and bats print it. */
const DURATION =
  /^#\s*(?:(?:time\s*=|in)\s*)?(\d+(?:\.\d+)?)\s*(m?)s(?:\s*\{)?(?:\s*#.*)?$/s;
/** Longer lines of YAML contain no duration. */
const MAX_DURATION_BYTES = 64;

/** The duration in seconds that `text` gives. */
function readDuration(text: string): number | undefined {
  const line = text.trimEnd();
  const [, inYaml] = YAML_DURATION.exec(line) ?? [];
  const [, after, milli] = DURATION.exec(line) ?? [];
  const duration = Number(inYaml ?? after) / (milli === "" ? 1 : 1000);
  return duration >= 0 ? duration : undefined;
}
