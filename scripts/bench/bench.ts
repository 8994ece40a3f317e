/**
 * Times whole commands against `cat` and the Python tools, in one run.
 *
 *     deno task bench [--quick] [--runs=N] [ROW...]
 *
 * A row runs `TOOL < <(cat CORPUS) > /dev/null`, alternating with `cat` instead
 * of the tool, with the Python tool on a slice of the corpus, and with the Python
 * tool on empty input. ROW selects the rows whose names contain it.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { PacketDecoder, type Rows, type StreamItem } from "@subunit/codec";
import { RouteEditor, RouteElement } from "@subunit/codec/control";
import { toolNames } from "../tool_path.ts";
import {
  HOP,
  isPythonTool,
  pythonPath,
  SCAN,
  type Worker,
  workerCommand,
} from "./commands.ts";
import { compareCrcs } from "./crc.ts";
import {
  bytesPerSecond,
  fasterThanPython,
  type Measured,
  packetsPerSecond,
  ratio,
  timesCat,
  verdict,
} from "./goals.ts";
import { FAULT_LOG_ROWS } from "./fault_log.ts";
import { FAULT_ROWS } from "./faults.ts";
import { GROWTH_ROWS } from "./growth.ts";
import { HISTORY_ROWS } from "./histories.ts";
import { HTML_ROWS } from "./html.ts";
import {
  ARMORED_ROW,
  CONFORM_ROWS,
  DIFF_ROW,
  LIVE_ROW,
  packageRows,
  type Plan,
  type Row,
  SCHEDULE_ROWS,
  SIGNED_ROW,
  startUpRow,
  STREAM_ROWS,
  streamRow,
} from "./rows.ts";
import { SERVER_ROWS } from "./server.ts";
import { figureText, formatTable, pick } from "./table.ts";

/** How the tools read: this much at a time, with room before it. */
const READ_BYTES = 256 * 1024, ROOM_BYTES = 64 * 1024;

const HEADINGS = [
  "",
  "best s",
  "median s",
  "M packets/s",
  "GB/s",
  "x cat",
  "x Python",
  "x growth",
  "MiB",
  "x other",
  "goals",
  "",
];

function cells({ name, goals }: Row, row: Measured): string[] {
  const million = ratio(packetsPerSecond(row), 1e6);
  const figures = [
    row.best,
    row.median,
    million,
    ratio(bytesPerSecond(row), 1e9),
    timesCat(row),
    fasterThanPython(row),
    row.growth,
    row.peakMemory,
  ];
  const others = Object.entries(row.others ?? {})
    .map(([other, best]) => `${figureText(row.best / best)} ${other}`);
  return [
    name,
    ...figures.map(figureText),
    others.join(", "),
    goals.map(({ text }) => text).join(", "),
    verdict(goals, row),
  ];
}

/** Decodes a file or standard input, and prints the time it took. */
function scan(path: string | undefined): void {
  const input = path === undefined ? Deno.stdin : Deno.openSync(path);
  const memory = new Uint8Array(ROOM_BYTES + READ_BYTES);
  const buffer = memory.subarray(ROOM_BYTES);
  const decoder = new PacketDecoder();
  const refuse = ({ kind }: StreamItem) => {
    throw new Error(`There is ${kind}`);
  };
  let packets = 0;
  const begun = performance.now();
  for (let length; (length = input.readSync(buffer)) !== null;) {
    decoder.push(buffer.subarray(0, length), ROOM_BYTES);
    decoder.drainRows(({ count }) => packets += count, refuse);
  }
  decoder.end();
  decoder.drainRows(({ count }) => packets += count, refuse);
  const seconds = (performance.now() - begun) / 1000;
  if (packets === 0) throw new Error("There are no packets");
  console.log(seconds);
}

/** Puts an element in front of the route code of each packet. */
function hop(): void {
  const memory = new Uint8Array(ROOM_BYTES + READ_BYTES);
  const buffer = memory.subarray(ROOM_BYTES);
  const decoder = new PacketDecoder();
  const write = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      at += Deno.stdout.writeSync(bytes.subarray(at));
    }
  };
  const editor = new RouteEditor(write);
  const element = new RouteElement("1");
  const push = (rows: Rows) => {
    for (let i = 0; i < rows.count; i++) editor.push(rows, i, element);
  };
  for (let length; (length = Deno.stdin.readSync(buffer)) !== null;) {
    decoder.push(buffer.subarray(0, length), ROOM_BYTES);
    decoder.drainRows(push, ({ bytes }) => write(bytes));
    editor.flush();
  }
  decoder.end();
  decoder.drainRows(push, ({ bytes }) => write(bytes));
  editor.flush();
}

/** Parses TAP on standard input with the parser of node-tap, and does no more. */
async function parseTap(): Promise<void> {
  const { Parser } = await import("tap-parser");
  const parser = new Parser();
  const ended = new Promise((resolve) => parser.on("complete", resolve));
  for await (const chunk of Deno.stdin.readable) parser.write(chunk);
  parser.end();
  await ended;
}

const CRC_ROW = { name: "crc" } satisfies { name: Worker };

async function reportCrcs(): Promise<string> {
  const { success, stdout } = await new Deno.Command("sh", {
    args: ["-c", workerCommand(CRC_ROW.name)],
    stderr: "inherit",
  }).output();
  return success ? new TextDecoder().decode(stdout) : "Cannot measure crc";
}

/** Returns the text above the table. */
function aboutRun({ runs, scale }: Plan): string {
  const cpu = /^model name\s*: (.*)$/m.exec(
    Deno.readTextFileSync("/proc/cpuinfo"),
  )?.[1] ?? "unknown CPU";
  return [
    `Deno ${Deno.version.deno}, python3-subunit ${
      packageVersion("python3-subunit")
    }`,
    `${cpu}, ${navigator.hardwareConcurrency} cores, load ${
      Deno.loadavg()[0].toFixed(1)
    }`,
    `${runs} runs in turns, corpora at ${scale} of their length${
      scale < 1 ? ": start-up weighs more than the goals allow for" : ""
    }`,
    "Our times include start-up. Python's times are of a slice, without start-up,",
    "and scaled by bytes; the start-up rows measure only start-up.",
    "",
  ].join("\n");
}

function packageVersion(name: string): string {
  try {
    const { code, stdout } = new Deno.Command("dpkg-query", {
      args: ["-W", "-f", "${Version}", name],
      stderr: "null",
    }).outputSync();
    return code === 0 ? new TextDecoder().decode(stdout) : "not installed";
  } catch {
    return "not known";
  }
}

/** Returns lines that name the tools that rows need and that are missing. */
function missingTools(rows: readonly Row[], tools: readonly string[]): string {
  const skipped = rows.filter(({ tool }) => !tools.includes(tool));
  const python = new Set(rows.map(({ pythonTool }) => pythonTool));
  const lists = {
    "Skipped, because the tool does not exist yet": skipped.map(({ name }) =>
      name
    ),
    "Not installed": [...python]
      .filter((tool) => tool !== undefined && !isPythonTool(tool))
      .map((tool) => pythonPath(tool!)),
  };
  return Object.entries(lists)
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what}: ${names.join(", ")}\n`).join("");
}

async function bench(words: readonly string[], plan: Plan): Promise<void> {
  const tools = toolNames();
  const all = [
    ...STREAM_ROWS.map(streamRow),
    LIVE_ROW,
    ...SCHEDULE_ROWS,
    ...SERVER_ROWS,
    ...FAULT_ROWS,
    ...FAULT_LOG_ROWS,
    SIGNED_ROW,
    ARMORED_ROW,
    DIFF_ROW,
    ...CONFORM_ROWS,
    ...HTML_ROWS,
    ...tools.map(startUpRow),
    ...packageRows(tools),
    ...GROWTH_ROWS,
    ...HISTORY_ROWS,
  ];
  const rows = pick(all, words);
  const withCrc = pick([CRC_ROW], words).length > 0;
  if (rows.length === 0 && !withCrc) {
    const names = [CRC_ROW, ...all].map(({ name }) => `  ${name}`);
    usageError(
      `No row has "${words.join('" or "')}" in its name: choose from\n${
        names.join("\n")
      }`,
    );
  }
  console.log(aboutRun(plan) + missingTools(rows, [SCAN, HOP, ...tools]));

  const lines: string[][] = [];
  const failures: string[] = [];
  for (const row of rows) {
    if (row.tool !== SCAN && row.tool !== HOP && !tools.includes(row.tool)) {
      continue;
    }
    console.error(`bench: ${row.name}`);
    try {
      lines.push(cells(row, await row.measure(plan)));
    } catch (error) {
      failures.push(`Cannot measure ${row.name}: ${(error as Error).message}`);
    }
  }
  if (lines.length > 0) console.log(formatTable([HEADINGS, ...lines]));
  if (withCrc) console.log(await reportCrcs());
  if (failures.length > 0) {
    console.error(failures.join("\n"));
    Deno.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const { _: words, quick, runs = quick ? "1" : "3", worker } = parseArgs(
    Deno.args,
    {
      boolean: ["quick"],
      string: ["_", "runs", "worker"],
      unknown: (argument, key) => {
        if (key !== undefined) usageError(`Unknown option "${argument}"`);
      },
    },
  );
  if (worker === SCAN) return scan(words[0]);
  if (worker === HOP) return hop();
  if (worker === CRC_ROW.name) return compareCrcs();
  if (worker === "tap-parser") return await parseTap();
  if (!/^[1-9]\d?$/.test(String(runs))) {
    usageError(`Option --runs is "${runs}": expected 1 to 99`);
  }
  await bench(words, { runs: Number(runs), scale: quick ? 0.1 : 1 });
}

function usageError(message: string): never {
  console.error(`bench: ${message}`);
  Deno.exit(2);
}

if (import.meta.main) await main();
