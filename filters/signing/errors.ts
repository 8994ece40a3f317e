/**
 * The failures of gpg-signed-stream, by exit status.
 *
 * @module
 */

import { ToolError } from "../kit/errors.ts";

/** Ends the tool with an exit status and one line that says why. */
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
  /** A key is unknown, expired, revoked or weak, or too few keys signed. */
  policy: 3,
  /** Malformed, or not signed. */
  malformed: 4,
  /** Input, output or a limit. */
  trouble: 5,
  signer: 6,
} as const;
