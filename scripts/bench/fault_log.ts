/**
 * Questions about a large fault log, with its index and without, against `cat` of
 * the log.
 *
 * @module
 */

import { parseTimestamp } from "@subunit/codec";
import { LogIndex } from "../../filters/faults/log/index.ts";
import { LogFiles } from "../../filters/faults/log/log_file.ts";
import { parseQuery } from "../../filters/faults/log/query.ts";
import {
  type QueryPlan,
  type Rank,
  RunCounts,
} from "../../filters/faults/log/ranking.ts";
import {
  SyncClient,
  type SyncResult,
  SyncServer,
} from "../../filters/faults/log/sync.ts";
import { builtinSqlite } from "../../filters/kit/runtime/sqlite.ts";
import { ToolIO } from "../../filters/kit/tool/tool_io.ts";
import { channelTo } from "../../tests/support/fault_sync.ts";
import { pathOf, quote } from "../tool_path.ts";
import { commandLine, SCRATCH } from "./commands.ts";
import { CORPUS_NOW, faultCorpus, faultId } from "./fault_corpus.ts";
import { cat, goal } from "./goals.ts";
import { median, takeTurns } from "./measure.ts";
import type { Plan, Row } from "./rows.ts";

/**
 * A tenth of the log with which other databases were tried; five events each.
 * The bounds are twice the times there, against `cat` of that log, which had
 * 153 bytes an event: here there are 78, for which `cat` takes half as long.
 */
const FAULTS = 100_000;
/** A pass takes as long as the log is: of a shorter one starting is the most. */
const READ_FAULTS = 1_000_000;
/** The fault that is asked for by its id. */
const ID = faultId(12_345);
/** How much of an id tells faults apart. */
const FEW_CHARACTERS = 9;
const TOOL = "fault-log";
const MONTH_SECONDS = 30 * 86400;

/** The bound on the memory, for a log that is ten times as long. */
const INDEX_MEMORY = goal("600 MB", (row) => row.peakMemory, {
  most: 600e6 / 1024 ** 2,
});

/** Makes the log, unless it exists, and returns its path. */
function makeLog(faults: number): string {
  const path = pathOf(new URL(`faults-${faults}`, SCRATCH));
  try {
    Deno.statSync(path);
    return path;
  } catch {
    Deno.mkdirSync(SCRATCH, { recursive: true });
  }
  // Under its name only when it is whole.
  const part = `${path}.part`;
  using file = Deno.openSync(part, {
    write: true,
    create: true,
    truncate: true,
  });
  for (const bytes of faultCorpus(faults)) {
    for (let at = 0; at < bytes.length;) {
      at += file.writeSync(bytes.subarray(at));
    }
  }
  Deno.renameSync(part, path);
  return path;
}

function catOf(log: string): string {
  return `cat ${quote(log)} > /dev/null`;
}

/** Building takes seconds: the first turn, which warms caches, does. */
const BUILD_TURNS = 1;

const BUILD_ROW: Row = {
  name: "fault-log index of 500,000 events",
  tool: TOOL,
  pythonTool: undefined,
  goals: [cat(1120), INDEX_MEMORY],
  async measure({ scale }: Plan) {
    const log = makeLog(Math.ceil(FAULTS * scale)), index = `${log}.built`;
    const build = commandLine(TOOL, [
      ...["index", quote(log)],
      `--index=${quote(index)}`,
    ]);
    const samples = await takeTurns({
      ours: `bash -c ${quote(`rm -f ${quote(index)}; exec ${build}`)}`,
      cat: catOf(log),
    }, BUILD_TURNS);
    Deno.removeSync(index);
    return {
      ...samples.ours!,
      bytes: Deno.statSync(log).size,
      cat: samples.cat?.best,
    };
  },
};

/** A question, and the bound on its answer. */
interface Question {
  readonly name: string;
  readonly words: string;
  readonly ranks?: readonly Rank[];
  readonly days?: number;
  readonly timesCat: number;
  /** The same without the index. */
  readonly passTimesCat?: number;
  /** Whether that lists all, and not the first 50. */
  readonly passListsAll?: true;
}

const QUESTIONS: readonly Question[] = [
  {
    name: "first 50 of a month",
    words: "",
    ranks: ["runs", "origins"],
    days: 30,
    timesCat: 0.84,
    passTimesCat: 28,
  },
  {
    name: "first 50 of a year",
    words: "",
    ranks: ["runs", "origins"],
    days: 365,
    timesCat: 6.2,
  },
  {
    name: "first 50 of a month that are open and have a tag",
    words: "state:fail tag:t0",
    ranks: ["runs", "origins"],
    days: 30,
    // A tenth of the log takes a third of the time: 0.24 is for all of it.
    timesCat: 0.5,
  },
  { name: "newest 50 with a tag", words: "tag:t0", timesCat: 0.3 },
  {
    name: "newest 50 that are open",
    words: "state:fail",
    timesCat: 0.1,
    passTimesCat: 67,
  },
  {
    name: "newest 50 with a word of a title",
    words: "title:shop",
    timesCat: 2.7,
    passTimesCat: 46,
  },
  {
    name: "two words of a title",
    words: 'title:"connection refused"',
    timesCat: 0.1,
    passTimesCat: 46,
    passListsAll: true,
  },
  {
    name: "the fault with an id",
    words: `id:${ID}`,
    timesCat: 0.1,
    passTimesCat: 25,
    passListsAll: true,
  },
];

const NOW = parseTimestamp(CORPUS_NOW);

function planOf({ words, ranks, days }: Question): QueryPlan {
  return {
    words: parseQuery(words),
    now: NOW,
    window: days === undefined
      ? undefined
      : { seconds: days / 30 * MONTH_SECONDS, now: NOW },
    ranks,
    top: 50,
    conflict: false,
    unexplained: false,
  };
}

/** In process: starting takes longer than the answer. */
function indexRow(question: Question): Row {
  return {
    name: `fault log, indexed: ${question.name}`,
    tool: TOOL,
    pythonTool: undefined,
    goals: [cat(question.timesCat)],
    async measure({ runs, scale }: Plan) {
      const log = makeLog(Math.ceil(FAULTS * scale)), plan = planOf(question);
      const source = new LogFiles(new ToolIO(TOOL), [log]);
      using index = new LogIndex(
        builtinSqlite()!,
        `${log}.index`,
        log,
        source,
      );
      index.update();
      const seconds = Array.from({ length: runs + 1 }, () => {
        const start = performance.now();
        index.find(plan, () => new RunCounts());
        return (performance.now() - start) / 1000;
      }).slice(1);
      const samples = await takeTurns({ cat: catOf(log) }, runs);
      return {
        best: Math.min(...seconds),
        median: median(seconds),
        cat: samples.cat?.best,
      };
    },
  };
}

function queryOf({ words, ranks, days, passListsAll }: Question): string[] {
  return [
    "query",
    "--no-index",
    `--at=${CORPUS_NOW}`,
    ...(words === "" ? [] : [`--where=${quote(words)}`]),
    ...(passListsAll ? [] : ["--top=50", `--by=${ranks ?? "last"}`]),
    ...(days === undefined ? [] : [`--since=${days}d`]),
  ];
}

/** A command that reads the log, which comes behind the first words. */
function readRow(
  name: string,
  timesCat: number,
  before: readonly string[],
  after: readonly string[] = [],
): Row {
  return {
    name: `fault log, read: ${name}`,
    tool: TOOL,
    pythonTool: undefined,
    goals: [cat(timesCat)],
    async measure({ runs, scale }: Plan) {
      const log = makeLog(Math.ceil(READ_FAULTS * scale));
      const command = commandLine(TOOL, [...before, quote(log), ...after]);
      const samples = await takeTurns(
        { ours: `${command} > /dev/null`, cat: catOf(log) },
        runs,
      );
      return {
        ...samples.ours!,
        bytes: Deno.statSync(log).size,
        cat: samples.cat?.best,
      };
    },
  };
}

/**
 * Asks what another end has that this one does not: a log, and the same without
 * some events, which are all over it. In process, as a command sends the same.
 */
function findMissing(missing: number, scale: number): Promise<SyncResult> {
  const source = new LogFiles(new ToolIO(TOOL), [
    makeLog(Math.ceil(READ_FAULTS * scale)),
  ]);
  const every = Math.floor(5 * READ_FAULTS * scale / missing);
  let count = 0;
  const append = () => 0;
  const whole = { source, isChosen: undefined };
  const channel = channelTo((answer) =>
    new SyncServer(() => whole, append, answer)
  );
  const part = { source, isChosen: () => ++count % every > 0 };
  return new SyncClient(channel, part, append).run({
    where: undefined,
    now: NOW,
    pushes: false,
    pulls: false,
  });
}

/** How many events an end does not have. More take more minutes. */
const MISSING = 1000;

let found: Promise<SyncResult> | undefined;

function syncRow(
  what: string,
  most: number,
  of: (result: SyncResult) => number,
): Row {
  return {
    name:
      `${what} of a fault-log sync that finds ${MISSING} events (not seconds)`,
    tool: TOOL,
    pythonTool: undefined,
    goals: [goal(`${most}`, ({ best }) => best, { most })],
    async measure({ scale }: Plan) {
      const figure = of(await (found ??= findMissing(MISSING, scale)));
      return { best: figure, median: figure };
    },
  };
}

export const FAULT_LOG_ROWS: readonly Row[] = [
  BUILD_ROW,
  ...QUESTIONS.map(indexRow),
  ...QUESTIONS.flatMap((question) =>
    question.passTimesCat === undefined
      ? []
      : [readRow(question.name, question.passTimesCat, queryOf(question))]
  ),
  readRow("show a fault", 25, ["show"], [ID]),
  readRow("show what begins so", 25, ["show"], [ID.slice(0, FEW_CHARACTERS)]),
  // What the first trial of the protocol took, and one question more, for hello.
  syncRow("KB", 490, ({ answerBytes }) => answerBytes / 1000),
  syncRow("questions", 7, ({ rounds }) => rounds),
];
