/**
 * What ends gpg-signed-stream, by exit status.
 *
 * @module
 */

import { ToolError } from "../kit/errors.ts";

/** What ends the tool: its exit status and one line of why. */
export class SignedStreamError extends ToolError {
  override name = "SignedStreamError";

  constructor(readonly exitStatus: number, message: string) {
    super(message);
  }
}

/** Exit statuses of the tool. */
export const EXIT = {
  verified: 0,
  /** Bad, altered, truncated, replayed or spliced. */
  bad: 1,
  usage: 2,
  /** Keys that are unknown, expired, revoked or weak, or too few of them. */
  policy: 3,
  /** Malformed, or no signature. */
  malformed: 4,
  /** Input, output or a limit. */
  trouble: 5,
  signer: 6,
} as const;
