/**
 * Shows what the routes of a server do, and talks to the test of one.
 *
 * @module
 */

import {
  ControlReader,
  isControl,
  type ReadMessage,
} from "@subunit/codec/control";
import { readInputAsync } from "../../kit/io/input.ts";
import { ownPid } from "../../kit/io/environment.ts";
import { onEndingSignal } from "../../kit/io/signals.ts";
import { isTyped, TerminalKeys } from "../../kit/io/typing.ts";
import { visibleLines } from "../../kit/text/visible.ts";
import { ToolError, type ToolIO } from "../../kit/tool/tool.ts";
import { encodeMessage, type RouteState } from "../hub/messages.ts";
import type { ServerConnection } from "./connection.ts";
import { Session, type SessionOptions } from "./session.ts";

const LINE_FEED = 0x0a;

/** Prints what the routes of a server do. */
export async function listRoutes(
  io: ToolIO,
  server: ServerConnection,
): Promise<void> {
  const reader = new ControlReader();
  const answer = Promise.withResolvers<ReadMessage | undefined>();
  server.send(encodeMessage({ word: "routes" }));
  server.read((event) => {
    const message = isControl(event) ? reader.add(event) : undefined;
    if (message?.word === "routes") answer.resolve(message);
  }).finally(() => answer.resolve(undefined));
  const message = await answer.promise;
  if (message === undefined) throw new ToolError("The server has ended");
  const routes: RouteState[] = JSON.parse(
    new TextDecoder().decode(message.body),
  );
  for (const { route, test = "", state, seconds, prompt = "" } of routes) {
    const cells = [route, test, state, seconds.toFixed(1), prompt];
    cells.forEach((cell, index) => {
      if (index > 0) io.out.writeText("\t");
      io.out.writeName(cell);
    });
    io.out.writeText("\n");
  }
}

/** Talks to a test until it ends, or the user leaves. Returns the exit status. */
export async function attach(
  io: ToolIO,
  server: ServerConnection,
  options: Pick<SessionOptions, "route" | "isReadOnly" | "steals" | "lines">,
): Promise<number> {
  const isTerminal = isTyped();
  let isLineBegun = false;
  const endLine = () => {
    if (isLineBegun && io.out.isTerminal) io.out.writeText("\n");
    isLineBegun = false;
    io.out.flush();
  };
  const session = new Session({
    ...options,
    pid: ownPid(),
    send: (packets) => server.send(packets),
    show(text) {
      if (text === "") return;
      isLineBegun = !text.endsWith("\n");
      io.out.writeText(io.out.isTerminal ? visibleLines(text) : text);
    },
    say(message) {
      endLine();
      io.warn(message);
    },
  });
  const over = Promise.withResolvers<number>();
  session.over.then(over.resolve);
  const keys = isTerminal ? await TerminalKeys.take() : undefined;
  const stopListening = onEndingSignal((signal, status) => {
    if (signal === "SIGINT" && isTerminal) session.interrupt();
    else over.resolve(status);
  });
  try {
    server.read(
      (event) => session.take(event),
      () => {
        try {
          io.out.flush();
        } catch (error) {
          over.reject(error);
        }
      },
    ).then(() => session.lose(), over.reject);
    session.begin();
    takeInput(session, isTerminal, (chunk) => {
      // The terminal shows it, and Enter begins a new line.
      isLineBegun = chunk.at(-1) !== LINE_FEED;
    }).catch(over.reject);
    return await over.promise;
  } finally {
    stopListening();
    await keys?.release();
    endLine();
    server.close();
  }
}

async function takeInput(
  session: Session,
  isTerminal: boolean,
  typed: (chunk: Uint8Array) => void,
): Promise<void> {
  // A pipe keeps what comes before; keys that leave work at once.
  if (!isTerminal) await session.attached;
  for await (const chunk of readInputAsync("-")) {
    if (isTerminal) {
      typed(chunk);
      session.typed(chunk);
    } else {
      session.piped(chunk);
    }
  }
  if (isTerminal) session.end();
  else session.piped();
}
