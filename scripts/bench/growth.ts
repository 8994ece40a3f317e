/**
 * How the time of each tool grows: with packets, and with whatever else a
 * stream may have many of.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { encodePacket, eventToJson, type StatusEvent } from "@subunit/codec";
import { eventToCbor } from "@subunit/codec/cbor";
import { pathOf, quote } from "../tool_path.ts";
import { commandLine, onNothing, SCRATCH } from "./commands.ts";
import { LINEAR } from "./goals.ts";
import { takeTurns } from "./measure.ts";
import type { Row } from "./rows.ts";

/** Makes a part of the input for each number below a count. */
interface Kind {
  /** How many parts are "once"; the others are 4 and 16 times as many. */
  readonly count: number;
  part(number: number): Uint8Array | string;
  readonly head?: string;
  readonly tail?: Uint8Array | string;
}

const MANY = 20_000;

function packets(...events: Omit<StatusEvent, "runnable">[]): Uint8Array {
  return concat(
    events.map((event) => encodePacket({ ...event, runnable: true })),
  );
}

/** The start and the end of a test, both with these fields. */
function test(fields: Omit<StatusEvent, "runnable">): Uint8Array {
  return packets(
    { ...fields, status: "inprogress" },
    { ...fields, status: "success" },
  );
}

/** Streams of version 2. */
const STREAMS = {
  packets: { count: MANY, part: (n) => test({ testId: `test ${n}` }) },
  open: {
    count: MANY,
    part: (n) => packets({ testId: `test ${n}`, status: "inprogress" }),
  },
  routes: {
    count: MANY,
    part: (n) => test({ testId: "test", routeCode: `worker ${n}` }),
  },
  tags: {
    count: MANY,
    part: (n) => test({ testId: `test ${n}`, tags: [`tag ${n}`] }),
  },
  /** Of five tests that do not end. */
  files: {
    count: MANY,
    part: (n) =>
      packets({
        testId: `test ${n % 5}`,
        fileName: `file ${n}`,
        fileBytes: Uint8Array.of(0x78),
      }),
  },
  parents: {
    count: MANY,
    part: (n) => test({ testId: `test ${n}`, parentTestId: `test ${n >> 1}` }),
  },
  suites: {
    count: MANY,
    part: (n) => test({ testId: `suite_${n}.Case.test` }),
  },
} satisfies Record<string, Kind>;

const JUNIT = { head: "<testsuites>", tail: "</testsuites>" };

/** Results in other formats. */
const OTHERS = {
  "v1 tests": {
    count: MANY,
    part: (n) => `test: test ${n}\nsuccess: test ${n}\n`,
  },
  /** Headers of packets of 4 MiB in one another, which are text. */
  "v1 claims": {
    count: MANY,
    part: () => Uint8Array.fromHex("b32000bfffff"),
  },
  "TAP names": { count: MANY, part: () => "ok - test\n" },
  "TAP line": {
    count: MANY,
    head: "ok ",
    part: () => "# \\#",
    tail: "x\n",
  },
  "TAP points": {
    count: MANY,
    head: "TAP version 14\n",
    part: (n) => `ok - test ${n}\n`,
  },
  "TAP subtests": {
    count: MANY,
    head: "TAP version 14\n",
    part: (n) =>
      `# Subtest: test ${n}\n    ok 1 - part\n    1..1\nok - test ${n}\n`,
  },
  "JUnit cases": {
    ...JUNIT,
    count: MANY,
    head: "<testsuite>",
    tail: "</testsuite>",
    part: (n) => `<testcase classname="a.B" name="test ${n}"/>\n`,
  },
  "JUnit suites": {
    ...JUNIT,
    count: MANY,
    part: (n) =>
      `<testsuite name="suite ${n}"><testcase name="test"/></testsuite>\n`,
  },
  "JUnit properties": {
    count: MANY,
    head: '<testsuite><testcase name="test"><properties>',
    tail: "</properties></testcase></testsuite>",
    part: (n) => `<property name="name ${n}" value="value"/>\n`,
  },
  "Go tests": {
    count: MANY,
    part: (n) =>
      `{"Action":"run","Package":"p","Test":"T${n}"}\n{"Action":"pass","Package":"p","Test":"T${n}"}\n`,
  },
  "Go packages": {
    count: MANY,
    part: (n) =>
      `{"Action":"start","Package":"p${n}"}\n{"Action":"pass","Package":"p${n}"}\n`,
  },
  "JSON lines": {
    count: MANY,
    part: (n) =>
      eventToJson({ testId: `test ${n}`, status: "skip", runnable: true }) +
      "\n",
  },
  "CBOR items": {
    count: MANY,
    part: (n) =>
      eventToCbor({ testId: `test ${n}`, status: "skip", runnable: true }),
  },
} satisfies Record<string, Kind>;

const KINDS: Readonly<Record<string, Kind>> = { ...STREAMS, ...OTHERS };

const GUIDELINE = pathOf(
  new URL("../../tests/fixtures/conform/shop.json", import.meta.url),
);

/** The commands that read streams of version 2, whatever they hold many of. */
const READERS: readonly string[][] = [
  ["fault-log", "query"],
  ["subunit-2to1"],
  ["subunit-attempts"],
  ["subunit-attempts", "--report"],
  ["subunit-conform", GUIDELINE],
  ["subunit-diff", "/dev/null", "-"],
  ["subunit-faults"],
  ["subunit-faults", "--report"],
  ["subunit-filter", "-s"],
  ["subunit-ls"],
  ["subunit-ls", "--tree"],
  ["subunit-merge", "a=-"],
  ["subunit-progress", "--history", "/dev/null"],
  ["subunit-quarantine", "/dev/null"],
  ["subunit-seal"],
  ["subunit-select", "--as=ctest"],
  ["subunit-shard", "1/2"],
  ["subunit-stats", "--by", "route", "--slowest", "9"],
  ["subunit-stats", "--by", "tag"],
  ["subunit-tags", "nightly"],
  ["subunit-tee"],
  ["subunit2cbor", "--exit-status"],
  ["subunit2csv"],
  ["subunit2github"],
  ["subunit2html"],
  ["subunit2json", "--exit-status"],
  ["subunit2junitxml"],
  ["subunit2pyunit"],
  ["subunit2tap"],
  ["subunit2trace"],
  ["subunit2trace", "--otlp"],
];

/** The commands that read one kind of input. */
const CONVERTERS: Readonly<Record<keyof typeof OTHERS, string[]>> = {
  "v1 tests": ["subunit-1to2"],
  "v1 claims": ["subunit-1to2"],
  "TAP names": ["tap2subunit"],
  "TAP line": ["tap2subunit"],
  "TAP points": ["tap2subunit"],
  "TAP subtests": ["tap2subunit"],
  "JUnit cases": ["junitxml2subunit"],
  "JUnit suites": ["junitxml2subunit"],
  "JUnit properties": ["junitxml2subunit"],
  "Go tests": ["gojson2subunit"],
  "Go packages": ["gojson2subunit"],
  "JSON lines": ["json2subunit"],
  "CBOR items": ["cbor2subunit"],
};

/** Makes the input with so many parts, unless it exists, and returns its path. */
function makeInput(name: string, parts: number): string {
  const path = pathOf(
    new URL(`${name.replaceAll(" ", "-")}-x${parts}`, SCRATCH),
  );
  const { part, head = "", tail = "" } = KINDS[name];
  const texts = [
    head,
    ...Array.from({ length: parts }, (_, n) => part(n)),
    tail,
  ];
  const encoder = new TextEncoder();
  Deno.mkdirSync(SCRATCH, { recursive: true });
  Deno.writeFileSync(
    path,
    concat(
      texts.map((text) =>
        typeof text === "string" ? encoder.encode(text) : text
      ),
    ),
  );
  return path;
}

/** How the time of a command grows from 4 to 16 times some input. */
function growthRow(name: string, [tool, ...args]: readonly string[]): Row {
  const command = commandLine(tool, args);
  return {
    name: ["growth", tool, ...args, name].join(" "),
    tool,
    pythonTool: undefined,
    goals: [LINEAR],
    async measure({ runs, scale }) {
      const count = Math.round(scale * KINDS[name].count);
      const read = (parts: number) =>
        `${command} < ${quote(makeInput(name, parts))} > /dev/null`;
      const { whole, quarter, start } = await takeTurns({
        whole: read(16 * count),
        quarter: read(4 * count),
        start: onNothing(commandLine(tool, ["--version"])),
      }, runs);
      return {
        ...whole!,
        growth: (whole!.best - start!.best) / (quarter!.best - start!.best),
      };
    },
  };
}

export const GROWTH_ROWS: readonly Row[] = [
  ...Object.keys(STREAMS).flatMap((name) =>
    READERS.map((command) => growthRow(name, command))
  ),
  ...Object.entries(CONVERTERS).map(([name, command]) =>
    growthRow(name, command)
  ),
];
