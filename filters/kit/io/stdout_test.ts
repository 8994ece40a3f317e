import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { peerTest, run, TempDir } from "../../../tests/support/run.ts";
import { equalBytes, stream } from "../../../tests/support/streams.ts";
import { piecesOf } from "./stdout.ts";

const LF = 0x0a, BUFFER_BYTES = 1024;

/** The errors of a descriptor that is not ready. */
class NotReady extends Error {}

/** A descriptor set not to block, behind Rust's buffer, as Deno writes to it. */
class Stdout {
  readonly written: Uint8Array[] = [];
  #buffer: Uint8Array = new Uint8Array();
  readonly #room: () => number;
  readonly #atomicBytes: number;

  /** @param room how much fits at the next write */
  constructor(room: () => number, atomicBytes: number) {
    this.#room = room;
    this.#atomicBytes = atomicBytes;
  }

  writeSync(bytes: Uint8Array): number {
    const count = this.#write(bytes);
    this.#flush();
    return count;
  }

  /** write(2). */
  #writeDescriptor(bytes: Uint8Array): number {
    const fits = Math.min(bytes.length, this.#room());
    const isWhole = bytes.length <= this.#atomicBytes;
    const count = isWhole && fits < bytes.length ? 0 : fits;
    if (count === 0 && bytes.length > 0) throw new NotReady();
    this.written.push(bytes.slice(0, count));
    return count;
  }

  #flush(): void {
    while (this.#buffer.length > 0) {
      const count = this.#writeDescriptor(this.#buffer);
      this.#buffer = this.#buffer.slice(count);
    }
  }

  /** `write` of LineWriterShim. */
  #write(bytes: Uint8Array): number {
    const end = bytes.lastIndexOf(LF) + 1;
    if (end === 0) {
      if (this.#buffer.at(-1) === LF) this.#flush();
      if (this.#buffer.length + bytes.length >= BUFFER_BYTES) this.#flush();
      return bytes.length >= BUFFER_BYTES
        ? this.#writeDescriptor(bytes)
        : this.#append(bytes);
    }
    this.#flush();
    const count = this.#writeDescriptor(bytes.subarray(0, end));
    const rest = bytes.subarray(count, count < end ? end : undefined);
    if (count >= end && rest.length >= BUFFER_BYTES) return count;
    const part = rest.subarray(0, BUFFER_BYTES);
    const whole = part.length < rest.length ? part.lastIndexOf(LF) + 1 : 0;
    return count + this.#append(whole > 0 ? part.subarray(0, whole) : part);
  }

  #append(bytes: Uint8Array): number {
    this.#buffer = concat([this.#buffer, bytes]);
    return bytes.length;
  }
}

function write(stdout: Stdout, pieces: Generator<Uint8Array, void, unknown>) {
  for (let next = pieces.next(); !next.done;) {
    let count: number | undefined;
    try {
      count = stdout.writeSync(next.value);
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
    }
    next = pieces.next(count);
  }
}

/** Lines and runs without line feeds, of all lengths that matter. */
const anyOutput = fc.array(
  fc.oneof(
    fc.nat(20),
    fc.nat(5000),
    fc.constantFrom(1, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097),
  ).chain((length) =>
    fc.constantFrom("\n", "").map((end) => "x".repeat(length) + end)
  ),
  { maxLength: 40 },
).map((parts) => {
  const bytes = stream(parts.join(""));
  // So that no two places look the same.
  return bytes.map((byte, at) => byte === LF ? LF : 0x20 + at * 7 % 90);
});

for (const atomicBytes of [1, 512, 4096]) {
  Deno.test(`piecesOf writes every byte once where ${atomicBytes} bytes are written whole or not at all`, () => {
    fc.assert(
      fc.property(
        fc.array(anyOutput, { maxLength: 4 }),
        fc.infiniteStream(fc.oneof(fc.constant(0), fc.nat(9000))),
        (outputs, room) => {
          const stdout = new Stdout(() => room.next().value, atomicBytes);
          for (const output of outputs) {
            write(stdout, piecesOf(output, atomicBytes));
          }
          assert(equalBytes(concat(stdout.written), concat(outputs)));
        },
      ),
      { seed: 20130301, numRuns: 300 },
    );
  });
}

Deno.test("piecesOf has few pieces where nothing keeps it waiting", () => {
  const sizes = (text: string, atomicBytes = 4096) => {
    const all: number[] = [];
    const pieces = piecesOf(stream(text), atomicBytes);
    for (let next = pieces.next(); !next.done;) {
      all.push(next.value.length);
      next = pieces.next(next.value.length);
    }
    return all;
  };
  assertEquals(sizes(""), []);
  assertEquals(sizes("one\ntwo\nthree"), [8, 5]);
  assertEquals(sizes("x".repeat(100_000)), [100_000]);
  assertEquals(sizes(`${"x".repeat(9999)}\n`), [9999, 1]);
  const lines = `${"x".repeat(99)}\n`.repeat(100);
  assertEquals(sizes(lines), [4000, 4000, 2000]);
  // A regular file.
  assertEquals(sizes(lines, Infinity), [10_000]);
  assertEquals(sizes(`${lines}end`, Infinity), [10_000, 3]);
  assertEquals(sizes("end", Infinity), [3]);
});

// Not a pipe: a terminal takes part of a write. Deno runs it without Node.
peerTest(
  "standard output is written once to a terminal set not to block",
  ["python3"],
  async () => {
    using dir = new TempDir();
    const program = dir.file(
      "program.ts",
      `import { stdoutSink } from "${new URL("stdout.ts", import.meta.url)}";
      const line = (n) => String(n).padStart(n % 300, ".") + "\\n";
      const text = Array.from({ length: 2000 }, (_, n) => line(n)).join("");
      stdoutSink().writeSync(new TextEncoder().encode(text));`,
    );
    const peer = `
import os, pty, sys, time
child, terminal = pty.fork()
if child == 0:
    os.set_blocking(1, False)
    os.execvp(sys.argv[1], sys.argv[1:])
out = b""
while True:
    time.sleep(0.001)
    try:
        part = os.read(terminal, 3000)
    except OSError:
        break
    if not part:
        break
    out += part
sys.stdout.buffer.write(out.replace(b"\\r\\n", b"\\n"))`;
    const { stdout, stderr } = await run(
      ["/usr/bin/python3", "-c", peer, Deno.execPath(), "run", "-q", program],
    );
    assertEquals(stderr, "");
    const lines = Array.from(
      { length: 2000 },
      (_, n) => `${String(n).padStart(n % 300, ".")}\n`,
    );
    assertEquals(new TextDecoder().decode(stdout), lines.join(""));
  },
);

Deno.test({
  name: "a long regular file is written in large parts, and whole",
  // Other systems do not count a process's writes.
  ignore: Deno.build.os !== "linux",
  async fn() {
    using dir = new TempDir();
    const program = dir.file(
      "program.ts",
      `import { stdoutSink } from "${new URL("stdout.ts", import.meta.url)}";
      const writes = () =>
        Number(/syscw: (.*)/.exec(Deno.readTextFileSync("/proc/self/io"))[1]);
      const bytes = new Uint8Array(1024 * 1024).fill(0x0a);
      const stdout = stdoutSink();
      const write = (start, end) => {
        for (let i = start; i < end; i++) {
          bytes[i] = 0x41;
          for (let at = 0; at < bytes.length;) {
            at += stdout.writeSync(bytes.subarray(at));
          }
        }
      };
      write(0, 24);
      const before = writes();
      write(24, 48);
      console.error(writes() - before);`,
    );
    const path = `${dir.path}/output`;
    const { stderr } = await run([
      "sh",
      "-c",
      'exec "$0" run -qA "$1" > "$2"',
      Deno.execPath(),
      program,
      path,
    ]);
    // In pieces of 4096 bytes they are 6144.
    assert(Number(stderr) < 100, stderr);
    const expected = new Uint8Array(1024 * 1024).fill(0x0a);
    using file = Deno.openSync(path);
    const part = new Uint8Array(expected.length);
    for (let i = 0; i < 48; i++) {
      for (let at = 0; at < part.length;) {
        const count = file.readSync(part.subarray(at));
        assert(count !== null, `${i}`);
        at += count;
      }
      expected[i] = 0x41;
      assert(equalBytes(part, expected), `${i}`);
    }
    assertEquals(file.readSync(part), null);
  },
});

Deno.test("piecesOf finds the line feed after a long piece, wherever it is", () => {
  for (const other of [0x0b, 0x09, 0x8a, 0x00, 0xff]) {
    for (let behind = 0; behind < 40; behind++) {
      const bytes = new Uint8Array(4096 + 60).fill(other);
      bytes[4096 + behind] = 0x0a;
      const { value } = piecesOf(bytes.subarray(1), 4095).next();
      assertEquals(value?.length, 4095 + behind);
    }
  }
});
