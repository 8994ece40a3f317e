/**
 * A test server that a test commands, packet by packet.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "@subunit/codec";
import {
  type Command as Word,
  encodeControl,
  encodeStdin,
  isControl,
} from "@subunit/codec/control";
import { pathOf, quote } from "../../scripts/tool_path.ts";
import { isRunning, ROOT, type TempDir, text, within } from "./run.ts";
import { ServerProcess } from "./server_process.ts";

/** The variable that marks the processes of a worker, to find them again. */
const MARK = "SUBUNIT_TEST_MARK";

/** What workers of Deno, Node and Python can, as `ready` has it. */
export const WORDS: readonly string[] = [
  "list",
  "run",
  "stdin",
  "stop",
  "signal",
  "reload",
  "ping",
  "quit",
  "watch",
];

/** Where the runtimes are found: an installed tool runs on the other one. */
export const RUNTIME_PATH: string = `${
  Deno.execPath().replace(/\/[^/]*$/, "")
}:${Deno.env.get("PATH")}`;

/** The fields of a command. */
export interface Command {
  readonly body?: string | Uint8Array;
  readonly req?: string;
  readonly tags?: readonly string[];
}

/** A command as packets; several if its body is long. Its word may be unknown. */
export function command(
  word: string,
  { body, req: request, tags: options }: Command = {},
): Uint8Array {
  return encodeControl({ word: word as Word, request, options, body });
}

/** Input for the test that runs. */
export function typed(line: string, eof?: true): Uint8Array {
  return encodeStdin(new TextEncoder().encode(line), { eof });
}

/** Whether an event is a reply. */
export function isReply(event: StatusEvent, word?: string): boolean {
  return isControl(event) && (word === undefined || event.fileName === word);
}

/** The body of a reply, as an object. */
export function bodyOf(event: StatusEvent): Record<string, unknown> {
  return JSON.parse(text(event.fileBytes!));
}

/** The files of an event list by "id name", with their parts joined. */
export function filesOf(events: readonly StatusEvent[]): Map<string, string> {
  const parts = new Map<string, Uint8Array[]>();
  for (const event of events) {
    if (event.fileName === undefined || isReply(event)) continue;
    const key = `${event.testId ?? "-"} ${event.fileName}`;
    if (!parts.has(key)) parts.set(key, []);
    parts.get(key)!.push(event.fileBytes!);
  }
  return new Map(
    parts.entries().map(([key, all]) => [key, text(concat(all))]),
  );
}

/** Statuses as "id status #tag", in their order. */
export function statusesOf(events: readonly StatusEvent[]): string[] {
  return events.filter(({ status }) => status !== undefined).map((event) =>
    [event.testId, event.status, ...(event.tags ?? []).map((tag) => `#${tag}`)]
      .join(" ")
  );
}

/** The final statuses of tests that can be selected, by id. */
export function verdictsOf(
  events: readonly StatusEvent[],
): Map<string, string[]> {
  const verdicts = new Map<string, string[]>();
  for (const { testId, status, parentTestId, runnable } of events) {
    if (testId === undefined || status === undefined || !runnable) continue;
    if (parentTestId !== undefined) continue;
    if (status === "exists" || status === "inprogress") continue;
    verdicts.set(testId, [...verdicts.get(testId) ?? [], status]);
  }
  return verdicts;
}

/** A worker that is commanded itself. */
export class LiveWorker extends ServerProcess {
  readonly #mark: string;

  constructor(
    command: readonly string[],
    { cwd, env }: { cwd?: string; env?: Record<string, string> } = {},
  ) {
    const mark = crypto.randomUUID();
    super(command, { cwd, env: { ...env, [MARK]: mark }, stderr: "null" });
    this.#mark = mark;
  }

  send(word: string, fields?: Command): Promise<void> {
    return this.write(command(word, fields));
  }

  type(line: string, eof?: true): Promise<void> {
    return this.write(typed(line, eof));
  }

  /** Returns the events up to the first that satisfies a condition. */
  async untilEvent(
    isLast: (event: StatusEvent) => boolean,
  ): Promise<StatusEvent[]> {
    const events: StatusEvent[] = [];
    while (true) {
      const event = await this.next();
      if (event === undefined) {
        throw new Error(
          `It has ended after:\n${statusesOf(events).join("\n")}`,
        );
      }
      events.push(event);
      if (isLast(event)) return events;
    }
  }

  /** Returns the events up to a reply. */
  until(word: string): Promise<StatusEvent[]> {
    return this.untilEvent((event) => isReply(event, word));
  }

  /** Commands, and returns the events up to `done`. */
  async run(word: string, fields?: Command): Promise<StatusEvent[]> {
    await this.send(word, fields);
    return await this.until("done");
  }

  /** Returns the remaining events. */
  async rest(): Promise<StatusEvent[]> {
    const events: StatusEvent[] = [];
    for (let it; (it = await this.next()) !== undefined;) events.push(it);
    return events;
  }

  /** The processes that it has started, and that still run. */
  processes(): number[] {
    const found: number[] = [];
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const variables = Deno.readTextFileSync(`/proc/${name}/environ`);
        if (!variables.includes(this.#mark) || !isRunning(name)) continue;
      } catch {
        // It has just ended, or belongs to somebody else.
        continue;
      }
      if (Number(name) !== this.pid) found.push(Number(name));
    }
    return found;
  }

  /** Waits until none of its processes is left. */
  async assertNoneLeft(): Promise<void> {
    await until(() => this.processes().length === 0);
    assertEquals(this.processes(), []);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.assertNoneLeft();
  }
}

/** Waits for a condition that becomes true by itself. */
export function until(isTrue: () => boolean): Promise<void> {
  let isWaiting = true;
  const wait = async () => {
    while (isWaiting && !isTrue()) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return within(wait()).finally(() => isWaiting = false);
}

/** The parent of a process. */
export function parentOf(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]);
}

export const PYTHON = "/usr/bin/python3";
/** The Python engine. */
export const PYTHON_ENGINE: string = pathOf(
  new URL("filters/serve/engines/python_worker.py", ROOT),
);
/** The folder of the modules that it runs in tests. */
export const PYTHON_SUITES: string = pathOf(
  new URL("tests/serve/python/", ROOT),
);

/** Starts the Python engine for modules of a folder. */
export function startPython(
  args: readonly string[],
  { cwd = PYTHON_SUITES, env = {} }: {
    cwd?: string;
    env?: Record<string, string>;
  } = {},
): LiveWorker {
  // Files of the checkout get no bytecode beside them.
  const bytecode = cwd === PYTHON_SUITES
    ? { PYTHONDONTWRITEBYTECODE: "1" }
    : undefined;
  return new LiveWorker([PYTHON, PYTHON_ENGINE, ...args], {
    cwd,
    env: { ...bytecode, ...env },
  });
}

/** The command of a Python worker in a folder, for a shell. */
export function pythonIn(dir: TempDir, ...args: string[]): string {
  const words = [PYTHON, PYTHON_ENGINE, ...args].map(quote).join(" ");
  return `cd ${quote(dir.path)} && exec ${words}`;
}

/** The class of any number of tests in a module "many". */
export const NUMBERED_TESTS = `class Numbered(unittest.TestCase):
    def __init__(self, number):
        super().__init__()
        self.number = number if isinstance(number, int) else 0
    def id(self):
        return "many.Numbered.with_a_rather_long_name.test_%06d" % self.number
    def runTest(self):
        pass
`;

/** The ids of the first of these tests. */
export function numberedIds(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) =>
      "many.Numbered.with_a_rather_long_name.test_" +
      String(index).padStart(6, "0"),
  );
}

/** Ids as the body of a command. */
export function lines(ids: readonly string[]): string {
  return ids.map((id) => `${id}\n`).join("");
}
