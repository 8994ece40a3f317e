#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-run
/**
 * subunit-exec: run a test command. Its results, whatever else it prints and
 * how it ends are one stream, which no later stage can take for a good one
 * when the command was not.
 *
 * @module
 */

import {
  decodePacket,
  now,
  Packet,
  PacketEncoder,
  type StatusEvent,
} from "@subunit/codec";
import { passSignals, startCommand } from "./kit/io/command.ts";
import { readStreamAsync } from "./kit/io/input.ts";
import type { ChildProcess, CommandStatus } from "./kit/runtime/runtime.ts";
import {
  describeEnding,
  type Ending,
  lostTest,
  writeEnding,
  writeFailure,
} from "./kit/stream/failures.ts";
import {
  type Format,
  ResultsReader,
  textEvent,
} from "./capture/results_reader.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import { TextTails } from "./kit/stream/text_tails.ts";
import {
  defineTool,
  runTool,
  type Tool,
  type ToolIO,
  UsageError,
} from "./kit/tool/tool.ts";

const FORMATS = ["detect", "v1", "v2", "tap", "gojson"] as const;

/** Writes what a command says to the stream, and remembers what it comes to. */
class Recorder {
  readonly #io: ToolIO;
  readonly #encoder = new PacketEncoder();
  readonly #verdict = new Verdict();
  readonly #tails = new TextTails();

  constructor(io: ToolIO) {
    this.#io = io;
  }

  write(events: readonly (StatusEvent | Packet)[]): void {
    for (const event of events) {
      if (event.testId === undefined && event.fileBytes !== undefined) {
        this.#tails.add(event.routeCode, event.fileBytes);
      }
      if (event instanceof Packet) {
        this.#verdict.add(event);
        this.#io.out.writeItem(event);
      } else {
        this.#encoder.encodeEach(event, this.#writePacket);
      }
    }
    this.#io.out.flush();
  }

  readonly #writePacket = (packet: Uint8Array): void => {
    this.#verdict.add(decodePacket(packet));
    this.#io.out.write(packet);
  };

  /** Fails the tests that are lost. Says whether the stream is good. */
  end(): boolean {
    for (const test of this.#verdict.end()) {
      const output = this.#tails.get(test.routeCode);
      writeFailure(this.#io.out, lostTest(test), output, now());
    }
    return this.#verdict.exitStatus === 0;
  }
}

/**
 * The words that run a command whose results come from a descriptor; its
 * standard output then goes where its errors go.
 */
function redirected(words: readonly string[], fd: number): string[] {
  return ["sh", "-c", `exec "$@" ${fd}>&1 >&2`, "sh", ...words];
}

/**
 * How a command ended. A failure that tests explain is expected; any other must
 * be one in the stream.
 */
export function endingOf(
  testId: string,
  status: CommandStatus,
  isGood: boolean,
): Ending {
  const isExplained = !isGood && status.signal === null;
  return {
    testId,
    status: status.success ? "success" : isExplained ? "xfail" : "fail",
    reason: describeEnding(status),
  };
}

export const tool: Tool = defineTool({
  name: "subunit-exec",
  summary: "Run a test command, and make one stream of all that it says",
  operands: "-- COMMAND [ARG...]",
  takesCommand: true,
  options: {
    detect: { help: "find out the form of its results (the default)" },
    v1: { help: "its results are version 1, the line protocol" },
    v2: { help: "its results are packets" },
    tap: { help: "its results are TAP" },
    gojson: { help: "its results are those of go test -json" },
    fd: {
      value: "N",
      help: "its results come from descriptor N, 3 to 9, not standard output",
    },
  },
  notes:
    `What is no result becomes the files "stdout" and "stderr"; with --fd, all that is
printed is the file "output". A test that never ended is a failure. How COMMAND
ended is the test "COMMAND: exit status", a failure when no failed test explains
it. Signals are passed on to COMMAND.`,
  exitStatus: [
    "no test failed or was lost, and the command exited 0",
    "otherwise",
  ],
  examples: [
    "subunit-exec -- node --test --test-reporter=tap | subunit-ls --failing",
    "subunit-exec --fd 3 -- ./suite --results-to /dev/fd/3 > run.subunit",
  ],
  // Pipes and signals that are still listened to would keep it alive.
  forcesExit: true,
  async run(io, options, operands, words = []) {
    if (words.length === 0 || operands.length > 0) {
      throw new UsageError("Expected a command to run, behind --");
    }
    const [format = "detect", another] = FORMATS.filter((one) => options[one]);
    if (another !== undefined) {
      throw new UsageError(
        `Options --${format} and --${another} exclude each other`,
      );
    }
    const fd = options.fd === undefined ? undefined : parseFd(options.fd);
    const testId = `${words[0].split("/").at(-1)}: exit status`;
    const recorder = new Recorder(io);
    let command: ChildProcess;
    try {
      const all = fd === undefined ? words : redirected(words, fd);
      command = startCommand(all, "piped");
    } catch (error) {
      const reason = "it could not be started";
      writeEnding(io.out, { testId, status: "fail", reason });
      throw error;
    }
    passSignals(command);
    await Promise.all([
      recordResults(command.stdout, format, recorder),
      recordText(
        command.stderr,
        fd === undefined ? "stderr" : "output",
        recorder,
      ),
    ]);
    const status = await command.status;
    const isGood = recorder.end();
    writeEnding(io.out, endingOf(testId, status, isGood));
    return isGood && status.success ? 0 : 1;
  },
});

async function recordResults(
  results: ReadableStream<Uint8Array>,
  format: Format,
  recorder: Recorder,
): Promise<void> {
  const reader = new ResultsReader(format);
  for await (const chunk of readStreamAsync(results, "the command's results")) {
    recorder.write(reader.push(chunk));
  }
  recorder.write(reader.end());
}

async function recordText(
  text: ReadableStream<Uint8Array>,
  fileName: string,
  recorder: Recorder,
): Promise<void> {
  for await (
    const chunk of readStreamAsync(text, `the command's ${fileName}`)
  ) {
    recorder.write([textEvent(fileName, chunk)]);
  }
}

function parseFd(value: string): number {
  if (/^[3-9]$/.test(value)) return Number(value);
  throw new UsageError(`Option --fd is "${value}": expected 3 to 9`);
}

if (import.meta.main) runTool(tool);
