import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "yaml";
import { makeToolPath } from "../../scripts/tool_path.ts";
import { type Command, commandsIn } from "../support/github_runner.ts";
import { ROOT, run, TempDir, text } from "../support/run.ts";
import { eventsIn } from "../support/streams.ts";

const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

/** The fields of a composite action's step that we use. */
interface Step {
  readonly name: string;
  readonly shell: string;
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly "working-directory"?: string;
}

const ACTION = parse(Deno.readTextFileSync(new URL("action.yml", ROOT)));
const STEPS: readonly Step[] = ACTION.runs.steps;
const GITLAB = parse(
  Deno.readTextFileSync(new URL("examples/gitlab-ci.yml", ROOT)),
);

type Inputs = Readonly<Record<string, string>>;

/** Evaluates the expressions in a value; they are inputs only. */
function evaluate(value: string, inputs: Inputs): string {
  return value.replace(/\$\{\{(.*?)\}\}/g, (_, expression) => {
    const [, name] = /^ inputs\.([\w-]+) $/.exec(expression) ?? [];
    const value = inputs[name] ?? ACTION.inputs[name]?.default;
    assert(value !== undefined, `there is no ${expression}`);
    return value;
  });
}

/** The result of a run of the action. */
interface Outcome {
  readonly status: number;
  /** The output of all steps. */
  readonly log: string;
  /** The commands that the runner finds. */
  readonly commands: readonly Command[];
  readonly summary: string;
}

/** The state of a job between its steps. */
class Job implements Disposable {
  readonly #folder = new TempDir();
  readonly #summary = this.#folder.file("summary", "");
  readonly #added = this.#folder.file("path", "");
  /** The job's PATH, without the folders that steps add. */
  path = `${this.#makeDenoFolder()}:${SYSTEM_PATH}`;

  /** A folder with Deno, as a job may have set it up. */
  #makeDenoFolder(): string {
    const folder = `${this.#folder.path}/deno-bin`;
    Deno.mkdirSync(folder);
    Deno.symlinkSync(Deno.execPath(), `${folder}/deno`);
    return folder;
  }

  /** Runs a step as a runner would. */
  async run(step: Step, inputs: Inputs, workspace: TempDir): Promise<Outcome> {
    assertEquals(step.shell, "bash");
    Deno.truncateSync(this.#summary);
    const script = this.#folder.file("step.sh", step.run);
    const env = Object.entries(step.env ?? {}).map(([name, value]) =>
      [name, evaluate(value, inputs)] as const
    );
    const added = Deno.readTextFileSync(this.#added).trim().split("\n");
    const directory = evaluate(step["working-directory"] ?? ".", inputs);
    const { status, stdout } = await run(
      // Both streams are one log.
      [
        "sh",
        "-c",
        'exec bash --noprofile --norc -eo pipefail "$0" 2>&1',
        script,
      ],
      {
        cwd: `${workspace.path}/${directory}`,
        env: {
          ...Object.fromEntries(env),
          PATH: [...added.reverse(), this.path].join(":"),
          GITHUB_ACTION_PATH: ROOT.pathname,
          GITHUB_PATH: this.#added,
          GITHUB_STEP_SUMMARY: this.#summary,
          GITHUB_WORKSPACE: workspace.path,
          RUNNER_TEMP: this.#folder.path,
        },
      },
    );
    return {
      status,
      log: text(stdout),
      commands: heeded(commandsIn(stdout)),
      summary: Deno.readTextFileSync(this.#summary),
    };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

const [INSTALL, TEST] = STEPS;
let installed: Promise<Job> | undefined;

/** A job with the tools installed; installs them once, because that is slow. */
function jobWithTools(): Promise<Job> {
  return installed ??= (async () => {
    const job = new Job();
    addEventListener("unload", () => job[Symbol.dispose]());
    using workspace = new TempDir();
    const { status, log } = await job.run(INSTALL, {}, workspace);
    assertEquals(status, 0, log);
    return job;
  })();
}

/** Runs the action. */
async function runAction(
  workspace: TempDir,
  inputs: Inputs,
): Promise<Outcome> {
  assertEquals(STEPS.length, 2);
  return (await jobWithTools()).run(TEST, inputs, workspace);
}

/** The commands that are not between stop-commands and its token. */
function heeded(commands: readonly Command[]): Command[] {
  // The model has no tokens: everything after the stop is left out, which
  // is right if the token is the last.
  const stop = commands.findIndex(({ name }) => name === "stop-commands");
  return commands.slice(0, stop < 0 ? undefined : stop);
}

function errors({ commands }: Outcome): (string | undefined)[] {
  return commands.filter(({ name }) => name === "error")
    .map(({ properties }) => properties.title);
}

const PASSING = "printf 'ok 1 - a\\nok 2 - b\\n1..2\\n'";
const FAILING = "printf 'ok 1 - a\\nnot ok 2 - b\\n1..2\\n'; exit 1";

Deno.test("the action's scripts take inputs from variables only", () => {
  for (const { name, run } of STEPS) {
    assert(!run.includes("${{"), name);
  }
  // All declared inputs are used, and all used inputs are declared.
  const used = JSON.stringify(STEPS).match(/(?<=inputs\.)[\w-]+/g)!;
  assertEquals([...new Set(used)].sort(), Object.keys(ACTION.inputs).sort());
});

Deno.test("the action passes when all tests do, and keeps the stream", async () => {
  using workspace = new TempDir();
  const { status, log, summary, commands } = await runAction(workspace, {
    run: PASSING,
  });
  assertEquals(status, 0, log);
  assertEquals(commands, []);
  assertStringIncludes(log, "Total tests:       2\n");
  assertStringIncludes(summary, "| Passed | 2 |");
  const events = eventsIn(
    Deno.readFileSync(`${workspace.path}/run.subunit`),
  );
  assertEquals(
    events.filter(({ status }) => status === "success").map(({ testId }) =>
      testId
    ),
    ["a", "b"],
  );
});

Deno.test("the action fails when tests do, and annotates each", async () => {
  using workspace = new TempDir();
  const found = await runAction(workspace, { run: FAILING });
  assertEquals(found.status, 1);
  assertEquals(errors(found), ["b failed"]);
  assertStringIncludes(found.summary, "b");
  assertStringIncludes(found.log, "\nb\n");
});

Deno.test("the action fails when the command crashes, with what it lost", async () => {
  using workspace = new TempDir();
  const found = await runAction(workspace, {
    run: "printf '1..3\\nok 1 - a\\n'; echo 'out of memory' >&2; kill -9 $$",
  });
  assertEquals(found.status, 1);
  assertEquals(errors(found), [
    "test 2 failed",
    "test 3 failed",
    "bash: exit status failed",
  ]);
  assertStringIncludes(found.log, "out of memory");
});

Deno.test("the action fails when there are too few tests", async () => {
  for (
    const [inputs, expected] of [
      [{ run: "echo no tests here" }, 1],
      [{ run: "echo no tests here", "min-tests": "0" }, 0],
      [{ run: PASSING, "min-tests": "2" }, 0],
      [{ run: PASSING, "min-tests": "3" }, 1],
    ] as const
  ) {
    using workspace = new TempDir();
    const { status, log } = await runAction(workspace, inputs);
    assertEquals(status, expected, log);
  }
});

Deno.test("the action reads every format that it names", async () => {
  const goTest = (action: string) =>
    `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"${action}","Package":"p","Test":"TestA"}
{"Action":"${action}","Package":"p"}
`;
  const report = (failure: string) =>
    `<testsuite><testcase classname="c" name="a">${failure}</testcase></testsuite>`;
  for (
    const [format, good, bad] of [
      ["tap", "1..1\nok 1\n", "1..1\nnot ok 1\n"],
      ["gojson", goTest("pass"), goTest("fail")],
      ["v1", "test: a\nsuccess: a\n", "test: a\nfailure: a\n"],
      ["detect", "test: a\nsuccess: a\n", "test: a\nfailure: a\n"],
      ["junit", report(""), report("<failure/>")],
    ]
  ) {
    for (const [output, expected] of [[good, 0], [bad, 1]] as const) {
      using workspace = new TempDir();
      workspace.file("output", output);
      const { status, log, commands } = await runAction(workspace, {
        run: format === "junit"
          ? "mkdir -p out/a && cp output 'out/a/TEST x.xml'"
          : "cat output",
        format,
        reports: "out/*.xml out/**/TEST*.xml",
      });
      assertEquals(status, expected, `${format}: ${log}`);
      assertEquals(commands.length, expected, log);
    }
  }
});

Deno.test("the action fails when JUnit reports are missing", async () => {
  for (
    const [reports, title] of [
      ["", "reports failed"],
      ["out/*.xml", "reports failed"],
      ["out/a.xml", "bash: exit status failed"],
    ]
  ) {
    using workspace = new TempDir();
    const found = await runAction(workspace, {
      run: "echo all good",
      format: "junit",
      reports,
      "min-tests": "0",
    });
    assertEquals(found.status, 1, found.log);
    assertEquals(errors(found), [title], found.log);
  }
});

Deno.test("the action refuses formats it does not know", async () => {
  using workspace = new TempDir();
  const { status, log } = await runAction(workspace, {
    run: PASSING,
    format: "toast",
  });
  assertEquals(status, 2);
  assertStringIncludes(log, 'Unknown option "--toast"');
});

Deno.test("the action runs in the directory asked for, and finds places", async () => {
  using workspace = new TempDir();
  Deno.mkdirSync(`${workspace.path}/sub dir`);
  workspace.file("sub dir/suite.py", "\n");
  const found = await runAction(workspace, {
    run:
      `printf 'test: a\\nfailure: a [\\n  File "%s/suite.py", line 1\\n]\\n' "$PWD"`,
    stream: "results.subunit",
    "working-directory": "sub dir",
  });
  assertEquals(found.status, 1);
  assertEquals(found.commands[0].properties.file, "sub dir/suite.py");
  assert(Deno.statSync(`${workspace.path}/sub dir/results.subunit`).isFile);
});

Deno.test("the action finds relative paths from the directory asked for", async () => {
  using workspace = new TempDir();
  Deno.mkdirSync(`${workspace.path}/pkg/tests`, { recursive: true });
  workspace.file("pkg/tests/a:b.py", "\n");
  const found = await runAction(workspace, {
    run:
      `printf 'test: a\\nfailure: a [\\n  File "tests/a:b.py", line 1\\n]\\n'`,
    "working-directory": "pkg",
  });
  assertEquals(found.commands[0].properties.file, "pkg/tests/a:b.py");
});

Deno.test("nothing that inputs or tests say is code or a command", async () => {
  using workspace = new TempDir();
  const hostile =
    `"; touch pwned; echo '$(touch pwned) \`touch pwned\` \${{x}}`;
  const { commands, log } = await runAction(workspace, {
    run: `printf '%s\\n' '1..2' 'not ok 1 - ::error::x' '::set-env name=A::b' \\
  '::add-mask::x' 'ok 2 - ##[add-path]y'
printf 'test id with\\r::warning::w\\n' >&2; printf '::stop-commands::x\\n' >&2`,
    stream: `${hostile} run`,
    reports: hostile,
  });
  assertEquals(commands.map(({ name }) => name), ["error"], log);
  // Before names of tests, the runner is made to wait for a random token.
  const [stopped] = /^::stop-commands::(\w{32})\n.*^::\1::\n$/ms.exec(log)!;
  assertStringIncludes(stopped, "\n::error::x\n");
  const there = Array.from(
    Deno.readDirSync(workspace.path),
    ({ name }) => name,
  );
  assertEquals(there, [`${hostile} run`]);
});

Deno.test("the action gets Deno from npm when the job has none", async () => {
  using workspace = new TempDir();
  const npm = workspace.file(
    "npm",
    `#!/bin/sh
echo "$@" > npm-words
mkdir -p "$RUNNER_TEMP/deno/node_modules/.bin"
ln -s ${Deno.execPath()} "$RUNNER_TEMP/deno/node_modules/.bin/deno"
`,
  );
  Deno.chmodSync(npm, 0o755);
  using job = new Job();
  job.path = `${workspace.path}:/usr/bin:/bin`;
  for (const step of STEPS) {
    const { status, log } = await job.run(step, { run: PASSING }, workspace);
    assertEquals(status, 0, log);
  }
  const words = Deno.readTextFileSync(`${workspace.path}/npm-words`);
  assert(words.endsWith(` deno@${Deno.version.deno}\n`), words);
});

/**
 * Runs the script of the GitLab job with a suite in place of node's.
 *
 * @param directory where in the project, if the job changes to one
 */
async function runGitlab(
  shell: readonly string[],
  suite: string,
  directory = ".",
): Promise<{ status: number; log: string; artifacts: Uint8Array[] }> {
  using workspace = new TempDir();
  const cwd = `${workspace.path}/${directory}`;
  Deno.mkdirSync(cwd, { recursive: true });
  const path = makeToolPath();
  try {
    const { script, artifacts } = GITLAB.test;
    const command = script.join("\n").replace(
      "node --test --test-reporter=tap",
      `sh -c "$SUITE"`,
    );
    assert(command.includes("$SUITE"));
    const { status, stdout, stderr } = await run([...shell, command], {
      cwd,
      env: {
        CI_PROJECT_DIR: workspace.path,
        PATH: `${path}:${SYSTEM_PATH}`,
        SUITE: suite,
      },
    });
    return {
      status,
      log: text(stdout) + stderr,
      artifacts: [
        ...artifacts.paths,
        artifacts.reports.junit,
        artifacts.reports.codequality,
      ].map((name) => Deno.readFileSync(`${cwd}/${name}`)),
    };
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
}

Deno.test("the GitLab job reports and fails, in bash and in sh", async () => {
  for (const shell of [["bash", "-eo", "pipefail", "-c"], ["sh", "-ec"]]) {
    for (
      const [suite, expected, issues] of [
        [PASSING, 0, 0],
        [FAILING, 1, 1],
        ["printf '1..2\\nok 1\\n'; kill -9 $$", 1, 2],
      ] as const
    ) {
      const { status, log, artifacts } = await runGitlab(shell, suite);
      assertEquals(status, expected, log);
      const [kept, junit, quality] = artifacts;
      assert(eventsIn(kept).length > 1);
      const failures = text(junit).match(/<(failure|error)[ >]/g) ?? [];
      assertEquals(failures.length, issues, text(junit));
      const found = JSON.parse(text(quality));
      assertEquals(found.length, issues, text(quality));
    }
  }
});

Deno.test("the GitLab job has places from the project's root, wherever it runs", async () => {
  const suite =
    `touch a.py; printf 'test: a\nfailure: a [\n  File "a.py", line 1\n]\n';
printf 'test: b\nfailure: b [\n  File "%s/a.py", line 1\n]\n' "$PWD"`;
  const { log, artifacts } = await runGitlab(["sh", "-ec"], suite, "pkg/api");
  const [, , quality] = artifacts;
  const found: { location: { path: string } }[] = JSON.parse(text(quality));
  const paths = found.map(({ location }) => location.path);
  assertEquals(paths.slice(0, 2), ["pkg/api/a.py", "pkg/api/a.py"], log);
});
