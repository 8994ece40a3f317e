/**
 * The options of fault-log, as a table.
 *
 * @module
 */

import type { OptionTable, OptionValues } from "../../kit/tool/options.ts";

export const OPTIONS = {
  title: { value: "TEXT", help: "append, set: the title" },
  text: { value: "TEXT", help: "append, set: the description" },
  comment: { value: "TEXT", list: true, help: "append, set: a comment" },
  state: {
    value: "STATE",
    help: "append, set: fail (open), inprogress, xfail (known), skip, success",
  },
  edit: { help: "set: edit the title and the description in $EDITOR" },
  reason: { value: "TEXT", help: "why it has that state, or is redacted" },
  tag: {
    value: "[-]TAG",
    list: true,
    help: "append, set: add a tag, or remove it",
  },
  fact: { value: "K=V", list: true, help: "append, set: a fact, as bug=URL" },
  same: {
    value: "[-]FAULT",
    list: true,
    help: "append, set: it is the same as FAULT, or is not",
  },
  author: { value: "NAME", help: "who says so" },
  at: {
    value: "TIME",
    help: "the time of the event, and to which ages are relative (now)",
  },
  sync: { help: "wait until what is appended is on the disk" },
  where: {
    value: "QUERY",
    help: "cat, query, sync: the faults that match all words",
  },
  top: { value: "N", help: "query: the N that most runs have seen" },
  by: {
    value: "RANKS",
    help:
      "query: rank by runs, origins, tests, rate (runs,origins); last: as without --top",
  },
  since: { value: "AGE", help: "query: what was seen since, as 30d" },
  runs: { value: "FILE", help: "query: rates are of the runs in FILE" },
  conflict: { help: "query: those that have two values in one place" },
  unexplained: { help: "query: those that nobody has said anything about" },
  format: { value: "FORMAT", help: "query: plain, tsv or json" },
  index: {
    value: "FILE",
    help: "query, index: the index of the LOG (LOG.index)",
  },
  "no-index": { help: "query: read the log" },
  null: { short: "0", help: "query: ids only, each with a NUL behind it" },
  older: { value: "AGE", help: "compact: what is older (90d)" },
  push: { help: "sync: only send events" },
  pull: { help: "sync: only get events" },
  "secret-key": { value: "FILE", help: "sign: with this key" },
  context: { value: "STR", help: "sign, verify: what the log belongs to" },
  keyring: {
    value: "FILE",
    list: true,
    help: "verify, show: verify with the keys in FILE",
  },
  extract: {
    value: "FOLDER",
    help: "verify: write signed lists and signatures there",
  },
  trusted: {
    value: "FILE",
    list: true,
    help:
      "cat, purge, query, show: states, sightings, sames, redactions count only if a key in FILE signed them",
  },
  json: { help: "show: as JSON" },
  "exit-status": {
    help: "merge: exit 1 when a fault needs a decision",
  },
} as const satisfies OptionTable;

/** The options as given. */
export type Options = OptionValues<typeof OPTIONS>;
