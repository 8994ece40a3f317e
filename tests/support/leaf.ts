/**
 * A test server whose tests do what their ids say: run as a process, it stands
 * for a worker that dies, asks or prints in all ways.
 *
 * @module
 */

import { encodePacket, PacketDecoder, type StatusEvent } from "@subunit/codec";
import {
  ControlReader,
  encodeControl,
  idsIn,
  isControl,
  isStdin,
  type ReadMessage,
  replyBody,
} from "@subunit/codec/control";

/** The tests that a list has, unless the command line names others. */
const IDS = ["pass 1", "pass 2", "crash", "pass 3"];

function write(bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length;) {
      at += Deno.stdout.writeSync(bytes.subarray(at));
    }
  } catch {
    // Its reader is gone.
    Deno.exit(1);
  }
}

function report(event: Omit<StatusEvent, "runnable">): void {
  write(encodePacket({ runnable: true, ...event }));
}

function print(testId: string, text: string): void {
  const fileBytes = new TextEncoder().encode(text);
  report({ testId, fileName: "stdout", fileBytes });
}

/** The input of the test in progress; its end is that of no other test. */
let typed = "", isEnd = false, wake = () => {};
let isStopped = false, isRunning = false;
/** Whether no command comes any more. */
let isLast = false;

async function readLine(testId: string): Promise<string | undefined> {
  const prompt = "name? ";
  print(testId, prompt);
  if (!testId.startsWith("listen")) {
    const body = replyBody("ask", { test: testId, prompt });
    write(encodeControl({ word: "ask", body }));
  }
  while (!typed.includes("\n") && !isEnd) {
    await new Promise<void>((resolve) => wake = resolve);
  }
  const [line, ...rest] = typed.split("\n");
  typed = rest.join("\n");
  return line === "" && isEnd ? undefined : line;
}

async function runTest(testId: string): Promise<void> {
  isEnd = isLast;
  isRunning = true;
  report({ testId, status: "inprogress" });
  const [kind] = testId.split(" ");
  let status: StatusEvent["status"] = "success";
  if (kind === "crash") Deno.exit(3);
  if (kind === "kill") Deno.kill(Deno.pid, "SIGKILL");
  if (kind === "foreign") write(Uint8Array.of(0xd0, 0xb3, 0x0a));
  if (kind === "torn") {
    write(encodePacket({ testId, status: "fail", runnable: true }).slice(0, 9));
    Deno.exit(3);
  }
  if (kind === "big") {
    const text = "x".repeat(999) + "\n";
    for (let i = 0; i < 20_000; i++) print(testId, text);
  }
  if (kind === "ask" || kind === "listen") {
    const line = await readLine(testId);
    if (line === undefined) status = "fail";
    else print(testId, `hello ${line}\n`);
  }
  if (kind === "stuck") {
    Deno.addSignalListener("SIGTERM", () => {});
    await new Promise(() => setInterval(() => {}, 1000));
  }
  report({ testId, status });
  isRunning = false;
}

async function obey({ word, request: req, body }: ReadMessage): Promise<void> {
  let ran = 0, ids: string[] = [];
  if (word === "run") {
    isStopped = false;
    ids = idsIn(body);
    if (ids.length === 0) ids = [...Deno.args.length > 0 ? Deno.args : IDS];
    if (ids[0].startsWith("silent")) Deno.exit(4);
    while (ids.length > 0 && !isStopped) {
      await runTest(ids.shift()!);
      ran++;
    }
  } else if (word === "list") {
    for (const testId of Deno.args.length > 0 ? Deno.args : IDS) {
      report({ testId, status: "exists" });
    }
  } else if (word === "ping") {
    return write(encodeControl({ word: "pong", body }));
  }
  const done = replyBody("done", { req, ran, unrun: ids });
  write(encodeControl({ word: "done", body: done }));
}

async function serve(): Promise<void> {
  const can = ["list", "run", "stdin", "stop", "signal", "reload", "ping"];
  const ready = { protocol: 1, engine: "leaf", can, pid: Deno.pid };
  write(encodeControl({ word: "ready", body: replyBody("ready", ready) }));
  const reader = new ControlReader();
  const decoder = new PacketDecoder();
  let work = Promise.resolve();
  for await (const chunk of Deno.stdin.readable) {
    decoder.push(chunk);
    decoder.drain((item) => {
      if (item.kind !== "packet") return;
      if (isStdin(item)) {
        if (!isRunning) {
          if (item.fileBytes!.length === 0) return;
          const text = "no test is in progress";
          const body = replyBody("error", { code: "no-reader", text });
          return write(encodeControl({ word: "error", body }));
        }
        typed += new TextDecoder().decode(item.fileBytes);
        isEnd ||= item.eof ?? false;
        return wake();
      }
      const message = isControl(item) ? reader.add(item.toEvent()) : undefined;
      if (message === undefined) return;
      if (message.word === "quit") Deno.exit();
      if (message.word === "stop") isStopped = true;
      else if (message.word === "signal") {
        isEnd = true;
        wake();
      } else work = work.then(() => obey(message));
    });
  }
  isStopped = isEnd = isLast = true;
  wake();
  await work;
}

if (import.meta.main) {
  await serve();
  Deno.exit();
}
