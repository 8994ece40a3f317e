/**
 * Commands a server by lines, and shows what it sends.
 *
 * @module
 */

import {
  PacketDecoder,
  type StatusEvent,
  type StreamItem,
} from "@subunit/codec";
import {
  ControlReader,
  encodeStdin,
  isControl,
  isReadable,
  type ReadMessage,
} from "@subunit/codec/control";
import { signalCommand, spawn } from "../../kit/io/command.ts";
import { readInputAsync, readStreamAsync } from "../../kit/io/input.ts";
import { onEndingSignal } from "../../kit/io/signals.ts";
import { isNotFound, reasonOf, ToolError } from "../../kit/errors.ts";
import { Verdict } from "../../kit/stream/verdict.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";
import { visibleLines } from "../../kit/text/visible.ts";
import { connectToServer } from "../attach/connection.ts";
import { encodeMessage } from "../hub/messages.ts";
import { eventText, LineError, messageText, readLine } from "./lines.ts";

/** Where commands go, and what comes back. */
export interface Link {
  send(packets: Uint8Array): void;
  /** Calls `take` with all that comes, and resolves at its end. */
  read(take: (item: StreamItem) => void, endChunk: () => void): Promise<void>;
  /** No further command comes. */
  end(): void;
  /** Ends the server, if it is ours. */
  kill(): void;
  /** Whether the server ended as it should. */
  isGood(): Promise<boolean>;
}

/** How long a server may take to end after its output. */
const END_SECONDS = 5;

/** Starts a server. */
export function startServer(words: readonly string[]): Link {
  let child;
  try {
    const streams = { stdin: "piped", stdout: "piped" } as const;
    child = spawn(words, { ...streams, stderr: "inherit" });
  } catch (error) {
    const reason = isNotFound(error) ? "no such command" : reasonOf(error);
    throw new ToolError(
      `Cannot run "${words[0]}": ${reason}: check the command`,
    );
  }
  const { stdin, stdout, status } = child;
  const writer = stdin.getWriter();
  writer.closed.catch(() => {});
  return {
    send: (packets) => void writer.write(packets).catch(() => {}),
    async read(take, endChunk) {
      const decoder = new PacketDecoder();
      const drain = () => {
        decoder.drain(take);
        endChunk();
      };
      for await (const chunk of readStreamAsync(stdout, "the server")) {
        decoder.push(chunk);
        drain();
      }
      decoder.end();
      drain();
    },
    end: () => void writer.close().catch(() => {}),
    kill: () => signalCommand(child, "SIGTERM"),
    async isGood() {
      // It may have closed its output and stay.
      const timer = setTimeout(
        () => signalCommand(child, "SIGTERM"),
        END_SECONDS * 1000,
      );
      const { success } = await status;
      clearTimeout(timer);
      return success;
    },
  };
}

/** Connects to a server that runs. */
export async function connectLink(path: string | undefined): Promise<Link> {
  const server = await connectToServer(path);
  server.send(encodeMessage({ word: "attach", options: ["lines=0"] }));
  return {
    send: (packets) => server.send(packets),
    read: (take, endChunk) => server.read(take, endChunk),
    end: () => server.close(),
    kill: () => {},
    isGood: () => Promise.resolve(true),
  };
}

/** Shows what comes and sends what is typed. Returns the exit status. */
export async function control(io: ToolIO, link: Link): Promise<number> {
  const reader = new ControlReader();
  const verdict = new Verdict();
  let asker: string | undefined, count = 0, isTypingOver = false;
  /** How many commands are not answered. */
  let waiting = 0;
  /** Whether a command was refused, or an answer cannot be read. */
  let hasFailed = false;
  const endWhenAnswered = () => {
    if (isTypingOver && waiting === 0) link.end();
  };
  const show = (routeCode: string | undefined, text: string) => {
    if (text === "") return;
    const shown = io.out.isTerminal ? visibleLines(text) : text;
    const route = routeCode === undefined ? "" : `@${routeCode} `;
    io.out.writeText(`${shown.replace(/^/gm, route)}\n`);
  };
  const hear = (message: ReadMessage) => {
    const { word, routeCode } = message;
    if (word === "attached") return;
    show(routeCode, messageText(message));
    if (word === "error") hasFailed = true;
    if (!isReadable(message)) {
      io.warn(`Cannot read the body of "${word}"`);
      hasFailed = true;
      link.kill();
    }
    if (word === "ask") {
      asker = routeCode;
      if (isTypingOver) endInputOf(routeCode);
    } else if (word === "done" || word === "pong" || word === "error") {
      waiting = Math.max(0, waiting - 1);
      endWhenAnswered();
    }
  };
  const endInputOf = (routeCode: string | undefined) =>
    link.send(encodeStdin(new Uint8Array(0), { routeCode, eof: true }));
  const take = (item: StreamItem) => {
    if (item.kind === "damage") io.reportDamage(item);
    if (item.kind !== "packet") {
      verdict.add(item);
      show(undefined, new TextDecoder().decode(item.bytes).trimEnd());
      return;
    }
    const event: StatusEvent = item;
    if (isControl(event)) {
      const message = reader.add(event);
      if (message !== undefined) hear(message);
      return;
    }
    verdict.add(item);
    show(event.routeCode, eventText(event));
  };
  const obey = (line: string) => {
    try {
      const typed = readLine(line, `subunit.req.${++count}`, asker);
      if (typed === undefined) return;
      if (typed.word !== undefined) waiting++;
      link.send(typed.packets);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      io.warn(error.message);
    }
  };
  const takeLines = async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of readInputAsync("-")) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(
        "\n",
      );
      rest = lines.pop()!;
      lines.forEach(obey);
    }
    if (rest !== "") obey(rest);
    isTypingOver = true;
    if (asker !== undefined) endInputOf(asker);
    endWhenAnswered();
  };
  const interruption = Promise.withResolvers<number>();
  const stopListening = onEndingSignal((_, status) => {
    link.kill();
    interruption.resolve(status);
  });
  const failure = Promise.withResolvers<never>();
  takeLines().catch(failure.reject);
  try {
    const over = link.read(take, () => {
      io.out.flush();
      verdict.endChunk();
    }).then(async () => {
      verdict.end();
      const isGood = await link.isGood();
      if (waiting > 0) {
        io.warn(
          `The server has ended: ${waiting} of the commands have no answer`,
        );
      }
      return isGood && !hasFailed && waiting === 0 ? verdict.exitStatus : 1;
    });
    return await Promise.race([over, interruption.promise, failure.promise]);
  } finally {
    stopListening();
    link.kill();
  }
}
