/**
 * What was checked, told: a line a signature on standard error, and all of it
 * as JSON.
 *
 * @module
 */

import { ToolError } from "../kit/errors.ts";
import { Output } from "../kit/io/output.ts";
import type { ToolIO } from "../kit/tool/tool.ts";
import { EXIT, SignedStreamError } from "./errors.ts";
import type { SignatureRecord } from "./verdicts.ts";

/** What all signatures together came to, in one word. */
type OverallVerdict =
  | SignatureRecord["verdict"]
  /** The good signatures are of too few keys, or not of a key asked for. */
  | "too-few-keys"
  | "malformed"
  | "no-signature"
  /** Input, output or a limit ended it. */
  | "trouble";

/** Gathers what signatures turned out to be and tells it. */
export class Report {
  readonly #io: ToolIO;
  readonly #output: Output | undefined;
  readonly #records: SignatureRecord[] = [];

  /**
   * @param target a file, "fd:N" for a descriptor, or none for no JSON
   * @throws {SignedStreamError} status 5 when it cannot be opened; so nothing
   * is released that nobody can account for
   */
  constructor(io: ToolIO, target?: string) {
    this.#io = io;
    this.#output = target === undefined ? undefined : openTarget(io, target);
  }

  /**
   * Tells what a signature turned out to be.
   *
   * @param where it stands, in words
   */
  add(record: SignatureRecord, where?: string): void {
    this.#records.push(record);
    this.#io.warn(describe(record, where));
  }

  /** Writes the JSON, once all is over. */
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
    // The runtime lets a program open pipes by number, and no files.
    throw new SignedStreamError(
      EXIT.trouble,
      `Cannot write the report to descriptor ${descriptor}: it is no open pipe: name a file instead`,
    );
  }
}

/** A signature as a line. */
function describe(record: SignatureRecord, where = ""): string {
  const { verdict, key_id, fingerprint, algorithm, hash, created, reason } =
    record;
  const key = fingerprint === undefined
    ? key_id || "a key it does not name"
    : `${key_id} (${fingerprint})`;
  const what = `Signature by ${key}, ${algorithm}, ${hash}, ${
    created || "at no time"
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
