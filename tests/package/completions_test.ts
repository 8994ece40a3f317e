import { assert, assertEquals } from "@std/assert";
import { defineTool, type Tool } from "../../filters/kit/tool/tool.ts";
import { completionOf, optionsOf } from "../../scripts/docs/completions.ts";
import { FOLDERS, loadTools, makeDocs } from "../../scripts/docs/docs.ts";
import {
  type Peer,
  peerTest,
  ROOT,
  run,
  TempDir,
  text,
  within,
} from "../support/run.ts";

/** A tool that does nothing, with the given table. */
function toolWith(tool: Partial<Tool>): Tool {
  return defineTool({
    name: "probe",
    summary: "Show what a shell makes of a table",
    operands: "[FILE...]",
    options: {},
    exitStatus: ["good", "bad"],
    examples: ["probe", "probe -"],
    run() {},
    ...tool,
  });
}

const PROBES = [
  toolWith({
    name: "probe-options",
    options: {
      failing: {
        short: "f",
        help: `it's a [bracket], a colon: "\\" and $HOME`,
      },
      "no-failing": { help: "the other way" },
      output: { short: "o", value: "FILE", help: "write there" },
      directory: { short: "d", value: "DIR", list: true, help: "there" },
      format: { value: "json|tsv|text", help: "write so" },
      protocol: { value: "2.0", help: "speak that" },
      id: { value: "REGEX", list: true, help: "with a match" },
      rename: { value: "REGEX TEXT", pair: true, help: "change" },
      strip: { value: "GLOB", bare: "**", help: "take out" },
    },
  }),
  toolWith({ name: "probe-command", operands: "[sign|verify] FILE" }),
  toolWith({ name: "probe-two", operands: "OLD NEW" }),
  toolWith({ name: "probe-none", operands: "" }),
  toolWith({
    name: "probe-tags",
    operands: "[TAG|-TAG]...",
    takesDashes: true,
    options: { list: { short: "l", help: "show them" } },
  }),
  toolWith({
    name: "probe-exec",
    operands: "[FILE...] | -- COMMAND [ARG...]",
    takesCommand: true,
  }),
];

/** Lines, and the completions of their last word. */
const LINES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ["probe-options --f", ["--failing", "--format"]],
  ["probe-options --no", ["--no-failing"]],
  ["probe-options --help --v", ["--version"]],
  ["probe-options ru", ["run one.subunit"]],
  ["probe-options run\\ o", ["run one.subunit"]],
  ["probe-options other ru", ["run one.subunit"]],
  ["probe-options -- ru", ["run one.subunit"]],
  ["probe-options -- --f", []],
  ["probe-options -o ru", ["run one.subunit"]],
  ["probe-options --output ru", ["run one.subunit"]],
  ["probe-options --output=ru", ["--output=run one.subunit"]],
  ["probe-options -d re", ["results"]],
  ["probe-options --directory=re", ["--directory=results"]],
  ["probe-options --format t", ["tsv", "text"]],
  ["probe-options --format=j", ["--format=json"]],
  ["probe-options --protocol=", ["--protocol=2.0"]],
  ["probe-options --id ru", []],
  ["probe-options --id=ru", []],
  ["probe-options --id x ru", ["run one.subunit"]],
  ["probe-options --rename ru", []],
  ["probe-options --rename a b ru", ["run one.subunit"]],
  ["probe-options --strip ru", ["run one.subunit"]],
  ["probe-command ", ["sign", "verify"]],
  ["probe-command v", ["verify"]],
  ["probe-command verify ru", ["run one.subunit"]],
  ["probe-two other ru", ["run one.subunit"]],
  ["probe-none ru", []],
  ["probe-tags ru", []],
  ["probe-tags --l", ["--list"]],
  ["probe-exec ru", ["run one.subunit"]],
  ["probe-exec --ver", ["--version"]],
  ["probe-exec -- probe-o", ["probe-options"]],
  ["probe-exec --help -- cat ru", ["run one.subunit"]],
];

/** A home with completions of tools, and commands that print their arguments. */
function makeHome(tools: readonly Tool[]): TempDir {
  const dir = new TempDir();
  for (const folder of [...FOLDERS, "bin", "work/results"]) {
    Deno.mkdirSync(`${dir.path}/${folder}`, { recursive: true });
  }
  for (const [path, text] of makeDocs(tools)) dir.file(path, text);
  for (const { name } of tools) {
    const path = dir.file(
      `bin/${name}`,
      `#!/bin/sh\nprintf 'words\\037%s\\036' "$(printf '%s\\037' "$@")"\n`,
    );
    Deno.chmodSync(path, 0o755);
  }
  dir.file("work/run one.subunit", "");
  dir.file("work/other", "");
  return dir;
}

/** The setup with which Alt-* inserts all completions of a word. */
const SHELLS = {
  bash: {
    command: "bash --rcfile rc.bash -i",
    setUp: `for file in share/bash-completion/completions/*; do . "$file"; done
cd work
`,
  },
  zsh: {
    command: "env ZDOTDIR=$PWD zsh -d -i",
    setUp: `fpath=(~/share/zsh/site-functions $fpath)
autoload -U compinit && compinit -u -d ~/dump
bindkey -e
zle -C all-matches complete-word _generic
bindkey '\\e*' all-matches
zstyle ':completion:all-matches:*' insert yes
zstyle ':completion:all-matches::::' completer _all_matches _complete
cd work
`,
  },
} as const;

/** A shell on a terminal, with its own home. */
class InteractiveShell implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #seen = "";

  constructor(name: keyof typeof SHELLS, home: TempDir) {
    const { command, setUp } = SHELLS[name];
    home.file("rc.bash", setUp);
    home.file(".zshrc", setUp);
    this.#process = new Deno.Command("script", {
      args: ["-qec", command, "/dev/null"],
      cwd: home.path,
      env: {
        HOME: home.path,
        PATH: `${home.path}/bin:${Deno.env.get("PATH")}`,
        TERM: "xterm",
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout
      .pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Types a line and returns the arguments of the command. */
  async type(keys: string): Promise<string[]> {
    await this.#writer.write(new TextEncoder().encode(`${keys}\r`));
    for (;;) {
      // deno-lint-ignore no-control-regex -- no shell prints these
      const found = /words\x1f([^\x1e]*)\x1f\x1e/.exec(this.#seen);
      if (found !== null) {
        this.#seen = this.#seen.slice(found.index + found[0].length);
        return found[1].split("\x1f");
      }
      const { value, done } = await within(this.#reader.read());
      assert(!done, `the shell has ended: ${this.#seen}`);
      this.#seen += value;
    }
  }

  /** The completions of the last word of a line. */
  async complete(line: string): Promise<string[]> {
    const before = await this.type(`${line}x`);
    const after = await this.type(`${line}\x1b*`);
    const last = before.at(-1)!.slice(0, -1);
    const words = after.slice(before.length - 1);
    return words.length === 1 && words[0] === last ? [] : words;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The shell has written its files when this returns.
    await this.#writer.write(new TextEncoder().encode("exit\r"));
    while (!(await within(this.#reader.read())).done);
    await this.#writer.abort().catch(() => {});
    await this.#process.status;
  }
}

/** The completions of lines in a shell. */
async function completeIn(
  shell: keyof typeof SHELLS | "fish",
  tools: readonly Tool[],
  lines: readonly string[],
): Promise<string[][]> {
  using home = makeHome(tools);
  if (shell === "fish") {
    const script =
      `set -p fish_complete_path ${home.path}/share/fish/vendor_completions.d
for line in $argv; complete -C $line; printf '\\036'; end`;
    const { stdout, stderr } = await run(
      ["fish", "--no-config", "-c", script, ...lines],
      {
        cwd: `${home.path}/work`,
        env: {
          HOME: home.path,
          PATH: `${home.path}/bin:${Deno.env.get("PATH")}`,
        },
      },
    );
    assertEquals(stderr, "");
    return text(stdout).split("\x1e").slice(0, -1).map((found) =>
      found.split("\n").slice(0, -1).map((row) => row.split("\t")[0])
    );
  }
  await using interactive = new InteractiveShell(shell, home);
  const found: string[][] = [];
  for (const line of lines) found.push(await interactive.complete(line));
  return found;
}

/** Completions in order, without the slash after directories. */
function sorted(words: readonly string[]): string[] {
  return words.map((word) => word.replace(/\/$/, "")).sort();
}

Deno.test("completionOf says what a word in a table stands for", () => {
  for (
    const [word, expected] of [
      ["FILE", "files"],
      ["DIR", "directories"],
      ["N", "nothing"],
      ["LABEL=COMMAND", "nothing"],
      ["2.0", ["2.0"]],
      ["sign|verify", ["sign", "verify"]],
    ] as const
  ) {
    assertEquals(completionOf(word), expected);
  }
});

Deno.test("completions and manual pages are those of the tables", async () => {
  const made = makeDocs(await loadTools());
  const there = FOLDERS.flatMap((folder) =>
    Array.from(
      Deno.readDirSync(new URL(folder, ROOT)),
      ({ name }) => `${folder}/${name}`,
    )
  );
  assertEquals(there.sort(), [...made.keys()].sort(), "run: deno task docs");
  for (const [path, expected] of made) {
    const found = Deno.readTextFileSync(new URL(path, ROOT));
    assertEquals(found, expected, `${path} is old, run: deno task docs`);
  }
});

for (const shell of ["bash", "zsh", "fish"] as const) {
  const peers: Peer[] = shell === "fish" ? ["fish"] : [shell, "script"];

  peerTest(
    `${shell} completes options, values, files and commands`,
    peers,
    async () => {
      const found = await completeIn(
        shell,
        PROBES,
        LINES.map(([line]) => line),
      );
      LINES.forEach(([line, words], at) =>
        assertEquals(sorted(found[at]), sorted(words), line)
      );
    },
  );

  peerTest(
    `${shell} knows the long options of every tool`,
    peers,
    async () => {
      const tools = await loadTools();
      const found = await completeIn(
        shell,
        tools,
        tools.map(({ name }) => `${name} --`),
      );
      tools.forEach((tool, at) => {
        const options = optionsOf(tool).map(([name]) => `--${name}`);
        assertEquals(
          sorted(found[at].filter((word) => word !== "--")),
          sorted(options),
          tool.name,
        );
      });
    },
  );
}
