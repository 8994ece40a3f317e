/**
 * Questions about many runs: against `cat` of their digests.
 *
 * @module
 */

import { encodePacket } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import { gzipSync, sha256 } from "../../filters/kit/runtime/builtin.ts";
import {
  CODE,
  encodeDigest,
  encodeNames,
  NameList,
} from "../../filters/history/repository/digest.ts";
import {
  COLUMN_RUNS,
  makeColumns,
} from "../../filters/history/repository/digest_columns.ts";
import {
  encodeRecord,
  runName,
} from "../../filters/history/repository/record.ts";
import { pathOf, quote } from "../tool_path.ts";
import { commandLine, SCRATCH } from "./commands.ts";
import { type Goal, goal, ratio } from "./goals.ts";
import { bestOf, takeTurns } from "./measure.ts";
import type { Row } from "./rows.ts";

/** The first run begins here, in seconds since 1970; the others hourly. */
const FIRST = 1_700_000_000;
const HOUR = 3600;
/** So many digests differ; those of other runs are links to them. */
const DISTINCT = 1000;

/** The study's bound on the memory. */
const LITTLE_MEMORY = goal("300 MB", (row) => row.peakMemory, {
  most: 300e6 / 1024 ** 2,
});

/**
 * Makes a repository, unless it exists, and returns its path. Its runs have one
 * packet, and digests of many tests, which is all that is read, together with
 * what questions about one test have made of them since the runs came.
 */
export async function makeRepository(
  runs: number,
  tests: number,
): Promise<string> {
  const path = pathOf(new URL(`repository-${runs}x${tests}/`, SCRATCH));
  try {
    Deno.statSync(`${path}format`);
    return path;
  } catch {
    Deno.mkdirSync(`${path}runs`, { recursive: true });
    Deno.mkdirSync(`${path}cache`, { recursive: true });
  }
  const cache = `${path}cache/`, made: string[] = [], runIds: string[] = [];
  const ids = Array.from(
    { length: tests },
    (_, i) => `package.module_${i % 97}.TestCase_${i % 13}.test_case_${i}`,
  ).sort();
  const names = await encodeNames(ids, sha256);
  Deno.writeFileSync(
    `${cache}names-${names.id}.gz`,
    gzipSync(names.bytes),
  );
  const chance = chances();
  const usual = Float32Array.from({ length: tests }, () => 0.01 + chance());
  const packet = encodePacket({ testId: ids[0], status: "success" });
  for (let run = 0; run < runs; run++) {
    const seconds = FIRST + run * HOUR;
    const id = runName({ seconds, nanoseconds: 0 }, run * 0x9e3779b1);
    runIds.push(id);
    const commit = run.toString(16).padStart(40, "0");
    const start = encodeRecord("start", { v: 1, id, commit, branch: "main" });
    const end = encodeRecord("end", { v: 1, exit: 0 });
    Deno.writeFileSync(
      `${path}runs/${id}.subunit.gz`,
      concat([gzipSync(concat([start, packet])), gzipSync(end)]),
    );
    const digestPath = `${cache}${id}.digest`;
    const same = run < runs - DISTINCT ? made[run % DISTINCT] : undefined;
    if (same !== undefined) {
      Deno.linkSync(same, digestPath);
      continue;
    }
    const digest = encodeDigest({
      namesId: names.id,
      tests: Uint8Array.from({ length: tests }, (_, test) => {
        // One in a hundred is flaky, and some have broken since.
        if (test % 100 === 7) return chance() < 0.05 ? CODE.FAIL : CODE.SUCCESS;
        if (test % 1000 === 9 && run > runs - 30) return CODE.FAIL;
        return test % 50 === 3 ? CODE.SKIP : CODE.SUCCESS;
      }),
      seconds: usual.map((time) => time * (0.9 + 0.2 * chance())),
      flags: 0,
      bytes: start.length + packet.length + end.length,
      first: seconds * 1e6,
      last: (seconds + 60) * 1e6,
      lost: 0,
    });
    Deno.writeFileSync(digestPath, digest);
    made.push(digestPath);
  }
  const list = NameList.of(ids);
  for (let from = 0; from + COLUMN_RUNS <= runs; from += COLUMN_RUNS) {
    const some = runIds.slice(from, from + COLUMN_RUNS);
    makeColumns(`${path}cache`, names.id, list, some);
  }
  // Last, so that a repository which is there is whole.
  Deno.writeTextFileSync(`${path}format`, "subunit-runs 1\n");
  return path;
}

/** Numbers below one, the same each time. */
function chances(): () => number {
  let state = 1;
  return () => {
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** The command line of a script that only opens the files of a folder. */
function openAllCommand(folder: string): string {
  const script = pathOf(new URL("open_all.ts", import.meta.url));
  const deno = `${quote(Deno.execPath())} run --quiet --allow-read`;
  return `${deno} ${quote(script)} ${quote(folder)}`;
}

/** The questions, each with its name in the row. */
const QUESTIONS: Readonly<
  Record<string, { readonly tool: string; readonly args: readonly string[] }>
> = {
  "failing": { tool: "subunit-failing", args: ["--list"] },
  "flaky": {
    tool: "subunit-history",
    args: ["--sort=flaky", "--format=tsv"],
  },
  "one test": {
    tool: "subunit-history",
    args: ["--format=tsv", "package.module_7.TestCase_7.test_case_7"],
  },
};

/** A bound on the time without the start-up, as a multiple of that of `cat`. */
function catBeyondStart(times: number): Goal {
  return goal(
    `${times}x cat beyond the start`,
    ({ best, others, cat }) => ratio(best - (others?.start ?? NaN), cat),
    { most: times },
  );
}

function questionRow(
  name: string,
  [runs, tests]: readonly [number, number],
  timesCat: number,
): Row {
  const { tool, args } = QUESTIONS[name];
  return {
    name: `${tool} ${name} of ${runs}x${tests}`,
    tool,
    pythonTool: undefined,
    goals: [catBeyondStart(timesCat), LITTLE_MEMORY],
    async measure({ runs: turns, scale }) {
      const path = await makeRepository(Math.ceil(runs * scale), tests);
      const ours = commandLine(tool, [`--repo=${quote(path)}`, ...args]);
      const samples = await takeTurns({
        ours: `${ours} > /dev/null`,
        cat: `find ${
          quote(`${path}cache`)
        } -name '*.digest' -exec cat {} + > /dev/null`,
        start: `${commandLine(tool, ["--version"])} > /dev/null`,
        floor: openAllCommand(`${path}cache`),
      }, turns);
      return {
        ...samples.ours!,
        cat: samples.cat?.best,
        others: bestOf(samples, ["start", "floor"]),
      };
    },
  };
}

/** How many tests the run has that is recorded. */
const LOADED_TESTS = 50_000;

/** Makes a stream of many tests with times, unless it exists. */
function makeRun(tests: number): string {
  const path = pathOf(new URL(`run-${tests}.subunit`, SCRATCH));
  try {
    Deno.statSync(path);
    return path;
  } catch {
    const packets = Array.from({ length: tests }, (_, test) => {
      const testId = `package.module_${test % 97}.TestCase.test_case_${test}`;
      const at = (more: number) => ({
        seconds: FIRST + (test >> 3),
        nanoseconds: (test % 8) * 1e8 + more,
      });
      return concat([
        encodePacket({ testId, status: "inprogress", timestamp: at(0) }),
        encodePacket({ testId, status: "success", timestamp: at(5e7) }),
      ]);
    });
    Deno.writeFileSync(path, concat(packets));
    return path;
  }
}

/** A run is passed on, kept, compressed and digested. */
const LOAD_ROW: Row = {
  name: `subunit-load of ${LOADED_TESTS} tests`,
  tool: "subunit-load",
  pythonTool: undefined,
  goals: [LITTLE_MEMORY],
  async measure({ runs: turns, scale }) {
    const path = makeRun(Math.ceil(LOADED_TESTS * scale));
    const repository = quote(pathOf(new URL("loaded", SCRATCH)));
    const load = commandLine("subunit-load", [`--repo=${repository}`]);
    const script = `rm -rf ${repository}; exec ${load} < ${quote(path)}`;
    const samples = await takeTurns({
      ours: `bash -c ${quote(script)} > /dev/null`,
      cat: `cat ${quote(path)} > /dev/null`,
      start: `${commandLine("subunit-load", ["--version"])} > /dev/null`,
    }, turns);
    return {
      ...samples.ours!,
      bytes: Deno.statSync(path).size,
      packets: 2 * Math.ceil(LOADED_TESTS * scale),
      cat: samples.cat?.best,
      others: bestOf(samples, ["start"]),
    };
  },
};

const SMALL = [500, 5000] as const, LARGE = [1000, 50_000] as const;
const HUGE = [10_000, 50_000] as const;

/**
 * The goals are twice what prototypes took in their own process, without a start:
 * 0.05, 0.11 and 0.02 s for the small repository, 0.64 and 0.03 s for all tests
 * and one of the large, 1.6 and 0.3 s of the huge one. `floor` opens as many
 * files in Deno and does nothing else.
 */
export const HISTORY_ROWS: readonly Row[] = [
  LOAD_ROW,
  questionRow("failing", SMALL, 5.5),
  questionRow("flaky", SMALL, 12),
  questionRow("one test", SMALL, 2.2),
  questionRow("failing", LARGE, 13),
  questionRow("flaky", LARGE, 13),
  questionRow("one test", LARGE, 0.6),
  questionRow("failing", HUGE, 3.9),
  questionRow("flaky", HUGE, 3.9),
  questionRow("one test", HUGE, 0.7),
];
