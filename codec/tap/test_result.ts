/**
 * A test whose result is known and that may still get diagnostics.
 *
 * @module
 */

import { type StatusEvent, type TestStatus, TEXT_TYPE } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
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

/** Collects what belongs to a test, to be emitted before its last event. */
export class TestResult {
  testId: string;
  /** The time of the `inprogress` event, if there was one. */
  started: Timestamp | undefined;
  #status: TestStatus;
  readonly #time: Timestamp | undefined;
  #duration: number | undefined;
  readonly #reason = new Attachment("reason", TEXT_TYPE);
  readonly #comment = new Attachment("tap comment", TEXT_TYPE);
  // testtools shows text types to people, and "application/yaml" is not one.
  readonly #yaml = new Attachment("tap yaml", "text/x-yaml");
  readonly #meta = new Attachment(META, TEXT_TYPE);

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

  /** Whether a YAML block has begun: a test has only one. */
  get hasYaml(): boolean {
    return this.#yaml.begun;
  }

  /** Adds why the test was skipped. */
  addReason(text: string): void {
    this.#reason.addLine(encoder.encode(text));
  }

  /** Adds a line of comment. */
  addComment(line: Uint8Array): void {
    this.#comment.addLine(line);
  }

  /** Adds the comment of the test point itself. */
  addText(text: string): void {
    this.addComment(encoder.encode(text));
    this.#duration ??= readDuration(text);
  }

  /** Adds a line of the YAML block. */
  addYaml(line: Uint8Array): void {
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
    this.#meta.addLine(encoder.encode(text));
  }

  /**
   * Takes part of an attachment that is too long to be held, if there is one.
   */
  takePart(): StatusEvent | undefined {
    const long = [this.#comment, this.#yaml].find(({ size }) =>
      size > MAX_PART_BYTES
    );
    return long && this.#event(this.#time, long, false);
  }

  /** The events that end the test. */
  end(): StatusEvent[] {
    const [started, ended] = this.#times();
    const files = [this.#reason, this.#comment, this.#yaml, this.#meta]
      .filter(({ begun }) => begun)
      .map((file) => this.#event(ended, file, true));
    const last = files.pop() ?? this.#event(ended);
    const events = [...files, { ...last, status: this.#status }];
    return started === undefined
      ? events
      : [{ ...this.#event(started), status: "inprogress" }, ...events];
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
      ? [addMilliseconds(this.#time, -this.#duration), this.#time]
      : [
        undefined,
        addMilliseconds(this.started, this.#duration) ?? this.#time,
      ];
  }

  #event(
    timestamp: Timestamp | undefined,
    file?: Attachment,
    eof?: boolean,
  ): StatusEvent {
    return {
      testId: this.testId,
      runnable: false,
      ...(file && {
        fileName: file.name,
        fileBytes: file.take(),
        mimeType: file.mimeType,
        ...(eof && { eof }),
      }),
      ...(timestamp && { timestamp }),
    };
  }
}

/** As printed by Node's runner and node-tap; by node-tap also after a test. */
const DURATION =
  /^(?:duration_ms:\s*["']?([\d.eE+-]+)["']?$|#\s*time=([\d.]+)ms\b)/;
/** Longer lines of YAML contain no duration. */
const MAX_DURATION_BYTES = 64;

/** The duration in milliseconds that `text` gives. */
function readDuration(text: string): number | undefined {
  const match = DURATION.exec(text.trimEnd());
  const milliseconds = Number(match?.[1] ?? match?.[2]);
  return milliseconds >= 0 ? milliseconds : undefined;
}

/** Adds a duration to a time; undefined when no packet can hold the result. */
function addMilliseconds(
  { seconds, nanoseconds }: Timestamp,
  milliseconds: number,
): Timestamp | undefined {
  const whole = Math.trunc(milliseconds / 1000);
  const sum = nanoseconds + Math.round((milliseconds - whole * 1000) * 1e6);
  const carry = Math.floor(sum / 1e9);
  const total = seconds + whole + carry;
  return total >= 0 && total < 2 ** 32
    ? { seconds: total, nanoseconds: sum - carry * 1e9 }
    : undefined;
}
