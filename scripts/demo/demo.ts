/**
 * `deno task demo`: two real test suites, run by real runners, go through the
 * tools. Each pipeline is shown before its output. The exit status is 0 when
 * the tools reported what they should.
 *
 * @module
 */

import { makeToolPath } from "../tool_path.ts";

/** A pipeline as a user would type it, and what the tools are to report. */
interface Step {
  readonly pipeline: string;
  /** The lines of its output, the runner's own remarks ("# …") left out. */
  readonly lines: readonly string[];
  readonly status: number;
}

const DENO_RUN = "deno test --no-config --reporter=tap ./planets.deno.ts";
const NODE_RUN = "node --test --test-reporter=tap ./tides.node.mjs";

const STEPS: readonly Step[] = [
  {
    pipeline: `${DENO_RUN} | tap2subunit | subunit-ls --failing`,
    lines: [
      "test 2 - Pluto is a planet",
      "test 3 - orbits > test 2 - Mars takes two years",
      "test 3 - orbits",
    ],
    status: 1,
  },
  {
    pipeline: `${DENO_RUN} | tap2subunit | subunit-stats`,
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
    pipeline: `${NODE_RUN} | tap2subunit | subunit-ls --failing --tree`,
    lines: [
      "test 1 - tides",
      "  test 1 - tides > test 2 - are the same everywhere",
    ],
    status: 1,
  },
  {
    pipeline: `${NODE_RUN} | tap2subunit | subunit-stats`,
    lines: [
      "Total tests:       5",
      "Passed tests:      2",
      "Failed tests:      2",
      "Skipped tests:     1",
      "Seen tags: ",
    ],
    status: 1,
  },
];

/** Runs a pipeline in the demonstration's folder. */
function run(
  pipeline: string,
  path: string,
): { output: string; status: number } {
  const { stdout, code } = new Deno.Command("sh", {
    args: ["-c", pipeline],
    cwd: new URL("./", import.meta.url),
    env: { PATH: `${path}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
    // The runners say there, too, that tests failed.
    stderr: "null",
  }).outputSync();
  return { output: new TextDecoder().decode(stdout), status: code };
}

/** Shows a step; says whether it came out as it should. */
function show({ pipeline, lines, status }: Step, path: string): boolean {
  console.log(`$ ${pipeline}`);
  const found = run(pipeline, path);
  console.log(`${found.output}[exit status ${found.status}]\n`);
  const reported = found.output.split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const isGood = found.status === status &&
    reported.join("\n") === lines.join("\n");
  if (!isGood) {
    console.log(
      `This is wrong. Expected exit status ${status} and:\n${
        lines.join("\n")
      }\n`,
    );
  }
  return isGood;
}

if (import.meta.main) {
  const path = makeToolPath();
  try {
    const results = STEPS.map((step) => show(step, path));
    const isGood = results.every((result) => result);
    console.log(
      isGood ? "The tools reported what they should." : "Something is wrong.",
    );
    Deno.exitCode = isGood ? 0 : 1;
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
}
