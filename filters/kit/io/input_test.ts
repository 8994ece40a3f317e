import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { run, TempDir } from "../../../tests/support/run.ts";
import { stream } from "../../../tests/support/streams.ts";
import { ToolError } from "../errors.ts";
import {
  isStdin,
  mayWait,
  openInput,
  readChunk,
  readInputAsync,
  readStreamAsync,
} from "./input.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function textOfAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let all = "";
  for await (const chunk of chunks) all += text(chunk);
  return all;
}

Deno.test("openInput and readInputAsync read a file to its end", async () => {
  using dir = new TempDir();
  const path = dir.file("run", "x".repeat(300_000));
  const input = openInput(path);
  const sizes: number[] = [];
  for (let chunk; (chunk = readChunk(input)) !== undefined;) {
    sizes.push(chunk.length);
  }
  input.close();
  assertEquals(sizes, [256 * 1024, 300_000 - 256 * 1024]);
  assertEquals((await textOfAll(readInputAsync(path))).length, 300_000);
});

Deno.test("openInput and readInputAsync say what they cannot open", async () => {
  using dir = new TempDir();
  const path = `${dir.path}/none`;
  const message =
    `Cannot open "${path}": no such file or directory: check the path`;
  assertThrows(() => openInput(path), ToolError, message);
  await assertRejects(
    () => textOfAll(readInputAsync(path)),
    ToolError,
    message,
  );
});

Deno.test("readInputAsync says what it cannot read", async () => {
  using dir = new TempDir();
  await assertRejects(
    () => textOfAll(readInputAsync(dir.path)),
    ToolError,
    `Cannot read "${dir.path}": is a directory: the rest was not read`,
  );
});

Deno.test("readChunk tries again while an input is not ready", () => {
  const answers = [
    new Deno.errors.WouldBlock("not ready"),
    new Deno.errors.Interrupted("a signal"),
    "chunk",
    new Error("Input/output error (os error 5)"),
  ];
  const input = {
    name: "a pipe",
    read(buffer: Uint8Array): number {
      const answer = answers.shift()!;
      if (typeof answer !== "string") throw answer;
      return new TextEncoder().encodeInto(answer, buffer).written;
    },
    close() {},
  };
  assertEquals(text(readChunk(input)!), "chunk");
  assertThrows(
    () => readChunk(input),
    ToolError,
    "Cannot read a pipe: input/output error: the rest was not read",
  );
});

Deno.test("readStreamAsync delivers chunks of any length", async () => {
  const chunks = ["a", "b".repeat(100_000), "c"];
  const source = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else {
        controller.enqueue(stream(chunk));
      }
    },
  });
  assertEquals(
    await textOfAll(readStreamAsync(source, "a source")),
    "a" + "b".repeat(100_000) + "c",
  );
});

Deno.test("standard input has several names", () => {
  for (const path of ["-", "/dev/stdin", "/dev/fd/0"]) {
    assertEquals([path, isStdin(path), mayWait(path)], [path, true, true]);
  }
  assertEquals(isStdin("stdin"), false);
});

Deno.test("mayWait is false of files that are there, and of none", async () => {
  using dir = new TempDir();
  assertEquals(mayWait(dir.file("run", "")), false);
  assertEquals(mayWait(`${dir.path}/none`), false);
  const fifo = `${dir.path}/fifo`;
  await run(["mkfifo", fifo]);
  assertEquals(mayWait(fifo), true);
});
