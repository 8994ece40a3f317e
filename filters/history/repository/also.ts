/**
 * Copies of runs in the repositories of stestr and testr, which keep version 1.
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
} from "../../kit/io/stored_files.ts";
import { Output } from "../../kit/io/output.ts";
import { randomBytes } from "../../kit/runtime/builtin.ts";
import { type FailingFact, findFailing } from "./failing_report.ts";
import { ask } from "./question.ts";
import { forEachTest } from "./stats.ts";
import type { Run } from "./store.ts";

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
): Promise<string | undefined> {
  const owner = ownerOf(path);
  makeFolder(path);
  if (!isTaken(`${path}/format`)) replaceWith(`${path}/format`, THEIR_FORMAT);
  const { file, losses } = await writeV1(path, run);
  try {
    publish(path, file);
  } finally {
    remove(file);
  }
  replaceWith(`${path}/failing`, await failingV1(runs));
  // testr has a database of Berkeley's, and makes it anew by itself.
  if (owner === "stestr") writeTimes(`${path}/times.dbm`, await timesOf(run));
  return losses;
}

async function writeV1(
  path: string,
  run: Run,
): Promise<{ file: string; losses: string | undefined }> {
  const file = `${path}/tmp${randomBytes(4).toString("hex")}`;
  const out = new Output(newFile(file), `"${file}"`);
  const writer = new V1Writer(out, { dropsText: false });
  await run.forEachRows(
    (rows) => writer.addRows(rows),
    (item) => writer.add(item),
    () => writer.endChunk(),
  );
  writer.end();
  out.close();
  return { file, losses: writer.losses };
}

/** Gives a file the next number. Its own is never given to another file. */
function publish(path: string, file: string): void {
  const next = readText(`${path}/next-stream`)?.trim() ?? "0";
  let number = /^\d{1,15}$/.test(next) ? Number(next) : 0;
  for (let tries = 0; tries < MOST_NUMBERS; tries++, number++) {
    if (isTaken(`${path}/${number}`)) continue;
    replaceWith(`${path}/next-stream`, `${number + 1}\n`);
    if (link(file, `${path}/${number}`)) return;
  }
  throw new ToolError(
    `Cannot write a run to "${path}": all numbers from ${next} on are taken`,
  );
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
 * each key, with the place of its value in `.dat`. Both are replaced.
 */
function writeTimes(path: string, more: ReadonlyMap<string, string>): void {
  const times = new Map(readTimes(path));
  for (const [key, value] of more) times.set(key, value);
  const encoder = new TextEncoder();
  const values = [...times.values()].map((value) => encoder.encode(value));
  const blocks = values.map((value) => Math.ceil(value.length / BLOCK_BYTES));
  const data = new Uint8Array(
    blocks.reduce((sum, count) => sum + Math.max(1, count), 0) * BLOCK_BYTES,
  ).fill(0x20);
  let at = 0;
  const lines = [...times.keys()].map((key, i) => {
    data.set(values[i], at);
    const line = `${pythonBytes(key)}, (${at}, ${values[i].length})\n`;
    at += Math.max(1, blocks[i]) * BLOCK_BYTES;
    return line;
  });
  replaceWith(`${path}.dat`, data);
  replaceWith(`${path}.dir`, lines.join(""));
  replaceWith(`${path}.bak`, lines.join(""));
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

/** Reads such a database; lines that are not of it are left out. */
function* readTimes(path: string): Generator<[string, string]> {
  const directory = readBytes(`${path}.dir`), data = readBytes(`${path}.dat`);
  if (directory === undefined || data === undefined) return;
  const latin1 = new TextDecoder("latin1");
  for (const line of latin1.decode(directory).split("\n")) {
    const [, , key, at, length] = DIR_LINE.exec(line) ?? [];
    if (key === undefined) continue;
    const bytes = data.subarray(Number(at), Number(at) + Number(length));
    const value = latin1.decode(bytes);
    if (value !== "" && Number.isFinite(Number(value))) {
      yield [keyOf(key), value];
    }
  }
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
