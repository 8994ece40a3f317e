/**
 * `deno task demo`: shows what goes wrong in CI and what the tools report. Real
 * runners run the suites beside this file; each pipeline is shown with its
 * output. The exit status is 0 if all output is as stated here.
 *
 * @module
 */

import { makeToolPath } from "../tool_path.ts";

/** A pipeline as a user would type it, and what it must print. */
interface Step {
  readonly caption: string;
  readonly pipeline: string;
  /** The lines of standard output, without blank lines and the runner's "# …". */
  readonly lines: readonly (string | RegExp)[];
  readonly status: number;
}

/** The files of the folder that the pipelines run in, and their sources. */
const FILES = {
  "planets_test.js": "./planets.deno.js",
  "probe.test.mjs": "./probe.node.mjs",
  "tides.test.mjs": "./tides.node.mjs",
  "node_reporter.mjs": "../../examples/node_reporter.mjs",
};

const STEPS: readonly Step[] = [
  {
    caption: "What failed? One line for each test, whatever the runner.",
    pipeline:
      "deno test --reporter=tap planets_test.js 2> /dev/null | tap2subunit | subunit-ls --failing",
    lines: [
      "Pluto is a planet",
      "orbits > Mars takes two years",
      "orbits",
    ],
    status: 1,
  },
  {
    caption:
      `A worker dies in the middle of a test. Node names only its file; the stream
names the test that was running, with its last output, and the test that never ran.`,
    pipeline:
      `node --test --test-reporter=./node_reporter.mjs probe.test.mjs | json2subunit |
    subunit-seal --expect-listed | subunit-filter -F --no-passthrough | subunit2tap`,
    lines: [
      "TAP version 14",
      "not ok 1 - probe.test.mjs",
      "  ---",
      '  route: "probe.test.mjs"',
      "  attachments:",
      '    - name: "reason"',
      '      text: "killed by SIGKILL"',
      "  ...",
      "not ok 2 - lands on Mars",
      "  ---",
      /^ {2}duration_ms: \d+(\.\d+)?$/,
      '  route: "probe.test.mjs"',
      '  tags: ["lost"]',
      "  attachments:",
      '    - name: "last output"',
      String.raw`      text: "altitude 1200 m, speed 370 m/s\n"`,
      '    - name: "reason"',
      '      text: "The test started and never ended."',
      "  ...",
      "not ok 3 - phones home",
      "  ---",
      '  tags: ["lost"]',
      "  attachments:",
      '    - name: "reason"',
      '      text: "The test never started."',
      "  ...",
      "1..3",
    ],
    status: 1,
  },
  {
    caption:
      `One of two shards delivers no results and exits with 0. The run does not stay
green with fewer tests: the missing shard is a failure.`,
    pipeline: String
      .raw`subunit-merge --expect 2 --run mac='echo no tests here' \
    --run linux='node --test --test-reporter=tap tides.test.mjs | tap2subunit' |
    subunit-stats --no-passthrough`,
    lines: [
      "Total tests:       6",
      "Passed tests:      2",
      "Failed tests:      3",
      "Skipped tests:     1",
      "Seen tags: ",
    ],
    status: 1,
  },
  {
    caption:
      "Why did it fail? The place and the reason, as a compiler shows them.",
    pipeline:
      `deno test --reporter=junit planets_test.js 2> /dev/null | junitxml2subunit |
    subunit2github --format plain`,
    lines: [
      "planets_test.js:16: ./planets_test.js.Pluto is a planet: AssertionError: Pluto is not in the list",
      "planets_test.js:19: ./planets_test.js.orbits: 1 test step failed.",
      "planets_test.js:21: ./planets_test.js.orbits > Mars takes two years: AssertionError: Expected values to be strictly equal: 687 !== 730",
    ],
    status: 1,
  },
  {
    caption: "The same for a pull request: GitHub shows these at their lines.",
    pipeline:
      `node --test --test-reporter=./node_reporter.mjs tides.test.mjs | json2subunit |
    subunit2github`,
    lines: [
      /^::error file=tides\.test\.mjs,line=17,title=tides > are the same everywhere .*::AssertionError.* 14 m in Fundy, 0\.3 m in Trieste/,
      /^::error title=tides .*::1 subtest failed$/,
    ],
    status: 1,
  },
];

/** Creates the folder that the pipelines run in. */
function makeFolder(): string {
  const folder = Deno.makeTempDirSync({ prefix: "subunit-demo-" });
  for (const [name, source] of Object.entries(FILES)) {
    Deno.copyFileSync(new URL(source, import.meta.url), `${folder}/${name}`);
  }
  return folder;
}

/** Returns whether the printed lines are those expected. */
function agree(
  printed: readonly string[],
  expected: readonly (string | RegExp)[],
): boolean {
  return printed.length === expected.length &&
    expected.every((line, index) =>
      line instanceof RegExp
        ? line.test(printed[index])
        : line === printed[index]
    );
}

const isColored = Deno.stdout.isTerminal() && !Deno.noColor;

function bold(text: string): string {
  return isColored ? `\x1b[1m${text}\x1b[m` : text;
}

/** Shows a step and returns whether its output is as expected. */
function show(
  { caption, pipeline, lines, status }: Step,
  number: number,
  { cwd, path }: { cwd: string; path: string },
): boolean {
  console.log(`${number}. ${caption}\n\n${bold(`$ ${pipeline}`)}`);
  const { code, ...output } = new Deno.Command("sh", {
    args: ["-c", pipeline],
    cwd,
    env: { PATH: `${path}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
  }).outputSync();
  const [stdout, stderr] = [output.stdout, output.stderr]
    .map((bytes) => new TextDecoder().decode(bytes));
  console.log(`${stderr}${stdout.trimEnd()}\n[exit status ${code}]\n`);
  const printed = stdout.split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const isGood = code === status && agree(printed, lines);
  if (!isGood) {
    console.log(`This is wrong. Expected exit status ${status} and:`);
    console.log(`${lines.join("\n")}\n`);
  }
  return isGood;
}

if (import.meta.main) {
  console.log(
    `What goes wrong in CI, and what the tools report. The runners are real, and so
are the failures.
`,
  );
  const place = { cwd: makeFolder(), path: makeToolPath() };
  try {
    const results = STEPS.map((step, index) => show(step, index + 1, place));
    const isGood = results.every((result) => result);
    console.log(
      isGood ? "The tools reported what they should." : "Something is wrong.",
    );
    Deno.exitCode = isGood ? 0 : 1;
  } finally {
    for (const folder of Object.values(place)) {
      Deno.removeSync(folder, { recursive: true });
    }
  }
}
