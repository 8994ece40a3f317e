/**
 * The options of gpg-signed-stream, as a table.
 *
 * @module
 */

import type { OptionTable, OptionValues } from "../kit/tool/options.ts";

/** How a stream is signed; the last three are of documents. */
export const MODES = ["inband", "detached", "inline", "clear"] as const;

/** Options of both commands. */
const BOTH = {
  mode: {
    value: "MODE",
    help: "inband, detached, inline or clear; verify: auto",
  },
  context: { value: "STR", help: "what the stream is of: a job, a commit" },
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
    help: "sign every so many bytes (256K; with --key 1M)",
  },
  interval: { value: "MS", help: "let none wait longer than this (1000)" },
} as const satisfies OptionTable;

/** Options of verify. */
export const VERIFY = {
  keyring: {
    value: "FILE",
    list: true,
    help: "keys to verify with; repeatable",
  },
  signature: { value: "FILE", help: "the detached signature of the document" },
  require: {
    value: "N",
    help: "ask for signatures of N distinct primary keys (1)",
  },
  "require-key": {
    value: "FPR",
    list: true,
    help: "ask for a signature of this key; repeatable",
  },
  "allow-weak": { value: "KINDS", list: true, help: "allow sha1, dsa1024" },
  "allow-expired-key": { help: "allow keys that expired since they signed" },
  "not-before": {
    value: "T",
    help: "refuse what was signed before (RFC 3339)",
  },
  seen: { value: "FILE", help: "refuse streams in FILE, and note this one" },
  "max-window": { value: "B", help: "hold no longer window (16M)" },
  "max-bytes": { value: "B", help: "release no more (documents: 16G)" },
  release: { value: "HOW", help: "documents: spool, two-pass or unverified" },
  "allow-surrounding-text": { help: "leave out what is around clear text" },
  strip: { help: "leave the signature packets out" },
  report: { value: "FILE", help: "write what was checked as JSON; or fd:N" },
} as const satisfies OptionTable;

/** All of them, as one table. */
export const OPTIONS = { ...BOTH, ...SIGN, ...VERIFY };
export type Mode = typeof MODES[number];

/** The options as they are given. */
export type Options = OptionValues<typeof OPTIONS>;
