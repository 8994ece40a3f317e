/**
 * Copies of runs in the repositories of stestr and testr, which keep version 1.
 *
 * What ends the process, their repository is without the run, or has all of it:
 *
 *     failing, times.dbm.*   are replaced one by one; each fits the others
 *     N                      the copy; their commands do not see it yet
 *     next-stream            has N + 1: from here on it is their last run
 *
 * @module
 */

import { isFailure, type Test } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import { V1Encoder } from "@subunit/codec/v1";
import { V1Writer } from "../../capture/v1_writer.ts";
import { ToolError, UsageError } from "../../kit/errors.ts";
import {
  isTaken,
  link,
  makeFolder,
  newFile,
  readBytes,
  readText,
  remove,
  replaceWith,
  temporaryBeside,
} from "../../kit/io/stored_files.ts";
import { Output } from "../../kit/io/output.ts";
import { type FailingFact, findFailing } from "./failing_report.ts";
import { ask } from "./question.ts";
import { forEachTest } from "./stats.ts";
import type { Run } from "./store.ts";
import type { BeforeStep } from "./writer.ts";

/** What both of them write into `format`. */
const THEIR_FORMAT = "1\n";
/** How often a number is tried that another writer has taken. */
const MOST_NUMBERS = 10_000;

/** Whose repository is in a folder, by its name or by what it has. */
function ownerOf(path: string): "stestr" | "testr" {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name.includes("testrepository")) return "testr";
  const format = readText(`${path}/format`);
  const isTheirs = format === undefined
    ? name.includes("stestr") || isTaken(`${path}/next-stream`)
    : format === THEIR_FORMAT;
  if (isTheirs) return "stestr";
  throw new UsageError(
    `Option --also is "${path}": expected a repository of stestr or testr`,
  );
}

/**
 * Checks that a copy can be written into a folder.
 *
 * @throws {UsageError} when it is not a repository of stestr or testr
 */
export function checkAlso(path: string): void {
  ownerOf(path);
}

/**
 * Writes a run into a repository of stestr or testr, as their own `load` would;
 * but what fails there is what fails here.
 *
 * @param runs those of our repository, oldest first
 * @returns what version 1 cannot hold, if there was any
 * @throws {ToolError} when that fails
 */
export async function writeAlso(
  path: string,
  run: Run,
  runs: readonly Run[],
  beforeStep: BeforeStep = () => {},
): Promise<string | undefined> {
  const owner = ownerOf(path);
  const write: Write = (name, content) => {
    beforeStep(`write ${name}`);
    const rename = () => beforeStep(`rename ${name}`);
    replaceWith(`${path}/${name}`, content, rename);
  };
  beforeStep("make their folder");
  makeFolder(path);
  // By "format" they know that it is one: the other is there before it.
  if (!isTaken(`${path}/next-stream`)) write("next-stream", "0\n");
  if (!isTaken(`${path}/format`)) write("format", THEIR_FORMAT);
  // Not "tmp...", which is what they call a run that is coming in.
  const copy = temporaryBeside(`${path}/run`);
  beforeStep("write the copy");
  try {
    const losses = await writeV1(copy, run);
    write("failing", await failingV1(runs));
    // testr has a database of Berkeley's, and makes it anew by itself.
    if (owner === "stestr") {
      writeTimes(
        `${path}/times.dbm`,
        await timesOf(run),
        (ending, content) => write(`times.dbm.${ending}`, content),
      );
    }
    const number = giveNumber(path, copy, beforeStep);
    tellNext(path, number + 1, write);
    return losses;
  } finally {
    beforeStep("remove the other name");
    remove(copy);
  }
}

/** Replaces one of their files. */
type Write = (name: string, content: string | Uint8Array) => void;

/** Writes the copy of a run, and returns what it cannot hold. */
async function writeV1(file: string, run: Run): Promise<string | undefined> {
  const out = new Output(newFile(file), `"${file}"`);
  const writer = new V1Writer(out, { dropsText: false });
  await run.forEachRows(
    (rows) => writer.addRows(rows),
    (item) => writer.add(item),
    () => writer.endChunk(),
  );
  writer.end();
  out.close();
  return writer.losses;
}

/** Gives a file the next number that no other file has, and returns it. */
function giveNumber(
  path: string,
  file: string,
  beforeStep: BeforeStep,
): number {
  const next = readText(`${path}/next-stream`)?.trim() ?? "0";
  let number = /^\d{1,15}$/.test(next) ? Number(next) : 0;
  for (let tries = 0; tries < MOST_NUMBERS; tries++, number++) {
    if (isTaken(`${path}/${number}`)) continue;
    beforeStep("give the copy its number");
    if (link(file, `${path}/${number}`)) return number;
  }
  throw new ToolError(
    `Cannot write a run to "${path}": all numbers from ${next} on are taken`,
  );
}

/**
 * Writes which number is next. They say "No such run" when the one before it is
 * not there, and put their next run in the place of one that is.
 */
function tellNext(path: string, next: number, write: Write): void {
  const isNext = () => !isTaken(`${path}/${next}`);
  for (;; next++) {
    if (isNext()) write("next-stream", `${next}\n`);
    // Another writer may have taken it, and may have been faster.
    if (isNext()) return;
  }
}

/** The failing tests in version 1, each as it failed last. */
async function failingV1(runs: readonly Run[]): Promise<Uint8Array> {
  const question = ask(runs);
  const { failing } = await findFailing(question, {
    skipClears: false,
    needsSince: false,
  });
  const byRun = Map.groupBy(failing, ({ run }) => run);
  const last = new Map<FailingFact, Uint8Array>();
  for (const [known, facts] of byRun) {
    const wanted = new Map<string, FailingFact>();
    for (const fact of facts) {
      for (const id of question.names.idsIn(known, fact.id)) {
        if (id === fact.id || !wanted.has(id)) wanted.set(id, fact);
      }
    }
    await forEachTest(known.run, (test) => {
      const fact = wanted.get(test.testId);
      if (fact !== undefined && isFailure(test.outcome)) {
        last.set(fact, v1Of(test));
      }
    }, { attachments: true });
  }
  return concat(failing.flatMap((fact) => last.get(fact) ?? []));
}

function v1Of(test: Test): Uint8Array {
  const parts: Uint8Array[] = [];
  const encoder = new V1Encoder((bytes) => void parts.push(bytes.slice()));
  encoder.add(test);
  encoder.flush();
  return concat(parts);
}

/** The seconds of each test, by the name under which stestr looks for them. */
async function timesOf(run: Run): Promise<Map<string, string>> {
  const times = new Map<string, string>();
  await forEachTest(run, ({ testId, seconds }) => {
    if (seconds !== undefined && seconds >= 0) {
      times.set(withoutTags(testId), String(seconds));
    }
  });
  return times;
}

/** The id without what is in its first brackets. */
function withoutTags(testId: string): string {
  const start = testId.indexOf("["), end = testId.indexOf("]");
  return start > 0 && end > start
    ? testId.slice(0, start) + testId.slice(end + 1)
    : testId;
}

/** Values begin at multiples of it. */
const BLOCK_BYTES = 512;

/**
 * Adds to a database of Python's `dbm.dumb`: `.dir` has a line of Python for
 * each key, with the place of its value in `.dat`. Both are replaced, `.dat`
 * first: what the old `.dir` names stays where it is, and other values go into
 * blocks that it does not name.
 *
 * @param more values, none longer than a block
 */
function writeTimes(
  path: string,
  more: ReadonlyMap<string, string>,
  write: Write,
): void {
  const { data: old, times } = readTimes(path);
  const used = new Set<number>();
  for (const { at, value } of times.values()) {
    const last = Math.floor((at + value.length - 1) / BLOCK_BYTES);
    for (let block = Math.floor(at / BLOCK_BYTES); block <= last; block++) {
      used.add(block);
    }
  }
  let free = 0;
  const added: Time[] = [];
  for (const [key, value] of more) {
    if (times.get(key)?.value === value) continue;
    while (used.has(free)) free++;
    const time = { value, at: BLOCK_BYTES * free++ };
    times.set(key, time);
    added.push(time);
  }
  let blocks = free;
  for (const block of used) blocks = Math.max(blocks, block + 1);
  const data = new Uint8Array(blocks * BLOCK_BYTES).fill(0x20);
  data.set(old.subarray(0, data.length));
  const encoder = new TextEncoder();
  for (const { at, value } of added) {
    data.fill(0x20, at, at + BLOCK_BYTES);
    encoder.encodeInto(value, data.subarray(at));
  }
  const lines = Array.from(
    times,
    ([key, { at, value }]) => `${pythonBytes(key)}, (${at}, ${value.length})\n`,
  ).join("");
  write("dat", data);
  write("dir", lines);
  write("bak", lines);
}

/** The bytes of a key, as Python writes text of Latin-1. */
function pythonBytes(key: string): string {
  const text = Array.from(
    new TextEncoder().encode(key),
    (byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `'${text.join("")}'`;
}

const DIR_LINE = /^(['"])((?:[^\\]|\\.)*)\1, \((\d+), (\d+)\)$/;

/** A value, which is a number in ASCII, and where it is. */
interface Time {
  readonly value: string;
  readonly at: number;
}

/** Reads such a database; lines that are not of it are left out. */
function readTimes(
  path: string,
): { readonly data: Uint8Array; readonly times: Map<string, Time> } {
  const times = new Map<string, Time>();
  const directory = readBytes(`${path}.dir`);
  const data = readBytes(`${path}.dat`) ?? new Uint8Array(0);
  const latin1 = new TextDecoder("latin1");
  for (const line of latin1.decode(directory).split("\n")) {
    const [, , key, at, length] = DIR_LINE.exec(line) ?? [];
    if (key === undefined) continue;
    const bytes = data.subarray(Number(at), Number(at) + Number(length));
    const value = latin1.decode(bytes);
    if (value !== "" && Number.isFinite(Number(value))) {
      times.set(keyOf(key), { value, at: Number(at) });
    }
  }
  return { data, times };
}

/** The key that Python's text of Latin-1 stands for. */
function keyOf(text: string): string {
  const bytes = text.replace(
    /\\(?:x([0-9a-f]{2})|(.))/g,
    (_, hex, one) =>
      hex === undefined
        ? { n: "\n", r: "\r", t: "\t" }[one as string] ?? one
        : String.fromCharCode(parseInt(hex, 16)),
  );
  return new TextDecoder().decode(
    Uint8Array.from(bytes, (unit) => unit.charCodeAt(0) & 0xff),
  );
}
