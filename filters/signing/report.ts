/**
 * The verdicts, reported: one line per signature on standard error, and all of
 * them as JSON.
 *
 * @module
 */

import { ToolError } from "../kit/errors.ts";
import { Output } from "../kit/io/output.ts";
import type { ToolIO } from "../kit/tool/tool.ts";
import { EXIT, SignedStreamError } from "./errors.ts";
import type { SignatureRecord } from "./verdicts.ts";

/** The verdict on all signatures together. */
type OverallVerdict =
  | SignatureRecord["verdict"]
  /** Too few keys made good signatures, or a required key made none. */
  | "too-few-keys"
  | "malformed"
  | "no-signature"
  /** Input or output failed, or a limit was reached. */
  | "trouble";

/** Collects and reports the verdicts on signatures. */
export class Report {
  readonly #io: ToolIO;
  readonly #output: Output | undefined;
  readonly #records: SignatureRecord[] = [];

  /**
   * @param target a file, "fd:N" for a descriptor, or undefined for no JSON
   * @throws {SignedStreamError} status 5 when it cannot be opened: nothing is
   * released without the report that was asked for
   */
  constructor(io: ToolIO, target?: string) {
    this.#io = io;
    this.#output = target === undefined ? undefined : openTarget(io, target);
  }

  /**
   * Reports the verdict on a signature.
   *
   * @param where what it covers, in words
   */
  add(record: SignatureRecord, where?: string): void {
    this.#records.push(record);
    this.#io.warn(describe(record, where));
  }

  /** Writes the JSON, at the end. */
  finish(exitStatus: number): void {
    if (this.#output === undefined) return;
    const report = {
      verdict: overall(exitStatus, this.#records),
      signatures: this.#records.map((record) => ({
        key_id: record.key_id,
        fingerprint: record.fingerprint ?? null,
        algorithm: record.algorithm,
        hash: record.hash,
        created: record.created,
        verdict: record.verdict,
      })),
    };
    this.#output.writeText(JSON.stringify(report) + "\n");
    this.#output.flush();
  }
}

function openTarget(io: ToolIO, target: string): Output {
  const descriptor = /^fd:([0-9]{1,4})$/.exec(target)?.[1];
  if (descriptor === undefined) return Output.toFile(target);
  if (descriptor === "1") return io.out;
  if (descriptor === "2") return io.err;
  try {
    return Output.toFile(`/dev/fd/${descriptor}`);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    // The runtime opens pipes by number, but not files.
    throw new SignedStreamError(
      EXIT.trouble,
      `Cannot write the report to descriptor ${descriptor}: it is not an open pipe: name a file instead`,
    );
  }
}

/** A verdict as a line. */
function describe(record: SignatureRecord, where = ""): string {
  const { verdict, key_id, fingerprint, algorithm, hash, created, reason } =
    record;
  const key = fingerprint === undefined
    ? key_id || "an unnamed key"
    : `${key_id} (${fingerprint})`;
  const what = `Signature by ${key}, ${algorithm}, ${hash}, ${
    created || "no time"
  }${where}: ${verdict}`;
  return reason === undefined ? what : `${what}, ${reason}`;
}

function overall(
  exitStatus: number,
  records: readonly SignatureRecord[],
): OverallVerdict {
  switch (exitStatus) {
    case EXIT.verified:
      return "good";
    case EXIT.bad:
      return "bad";
    case EXIT.policy:
      return records.find(({ verdict }) => verdict !== "good")?.verdict ??
        "too-few-keys";
    case EXIT.malformed:
      return records.length === 0 ? "no-signature" : "malformed";
    default:
      return "trouble";
  }
}
