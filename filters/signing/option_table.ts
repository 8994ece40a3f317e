/**
 * The options of gpg-signed-stream, as a table.
 *
 * @module
 */

import type { OptionTable, OptionValues } from "../kit/tool/options.ts";

/** How a stream is signed; the last three modes are for documents. */
export const MODES = ["inband", "detached", "inline", "clear"] as const;

/** Options of both commands. */
const BOTH = {
  mode: {
    value: "MODE",
    help: "inband, detached, inline or clear; verify: auto",
  },
  context: {
    value: "STR",
    help: "what the stream belongs to: a job, a commit",
  },
} as const satisfies OptionTable;

/** Options of sign. */
export const SIGN = {
  "secret-key": {
    value: "FILE",
    list: true,
    help: "sign with this key, without a passphrase; repeatable",
  },
  key: {
    value: "FPR",
    list: true,
    help: "sign through gpg with this key of its own; repeatable",
  },
  window: {
    value: "BYTES",
    help: "sign after this many bytes (256K; with --key 1M)",
  },
  interval: { value: "MS", help: "sign at least this often (1000)" },
} as const satisfies OptionTable;

/** Options of verify. */
export const VERIFY = {
  keyring: {
    value: "FILE",
    list: true,
    help: "verify with the keys in FILE; repeatable",
  },
  signature: { value: "FILE", help: "the detached signature of the document" },
  require: {
    value: "N",
    help: "require signatures by N distinct primary keys (1)",
  },
  "require-key": {
    value: "FPR",
    list: true,
    help: "require a signature by this key; repeatable",
  },
  "allow-weak": { value: "KINDS", list: true, help: "allow sha1, dsa1024" },
  "allow-expired-key": { help: "allow keys that expired since they signed" },
  "not-before": {
    value: "T",
    help: "refuse signatures made before T (RFC 3339)",
  },
  seen: { value: "FILE", help: "refuse streams listed in FILE; add this one" },
  "max-window": { value: "B", help: "hold at most this much (16M)" },
  "max-bytes": {
    value: "B",
    help: "release at most this much (documents: 16G)",
  },
  release: { value: "HOW", help: "documents: spool, two-pass or unverified" },
  "allow-surrounding-text": {
    help: "drop the text around a clear-signed one",
  },
  strip: { help: "drop the signature packets" },
  report: { value: "FILE", help: "write the verdicts as JSON; fd:N works too" },
} as const satisfies OptionTable;

/** All of them, as one table. */
export const OPTIONS = { ...BOTH, ...SIGN, ...VERIFY };
export type Mode = typeof MODES[number];

/** The options as given. */
export type Options = OptionValues<typeof OPTIONS>;
