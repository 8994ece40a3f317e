import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { assertMessage } from "../support/checks.ts";
import {
  commandOf,
  ENDING_SIGNALS,
  LiveTool,
  outputOf,
  runTool,
  shell,
  spawn,
  TempDir,
  text,
  within,
} from "../support/run.ts";
import {
  damaged,
  equalBytes,
  itemsIn,
  noisyStream,
  PASSED,
  sample,
  stream,
} from "../support/streams.ts";

const SEED = 20130301;
/** Packets of 1000 bytes, so that a cut is rarely between two by chance. */
const LONG = stream({
  testId: "long",
  fileName: "f",
  fileBytes: new Uint8Array(970),
});

Deno.test(`subunit-tee copies any stream to its end, unchanged (seed ${SEED})`, async () => {
  using dir = new TempDir();
  const input = concat(sample(noisyStream, 60, SEED));
  const files = [`${dir.path}/one`, `${dir.path}/two`];
  const stdout = await outputOf("subunit-tee", files, { stdin: input });
  for (const copy of [stdout, ...files.map((f) => Deno.readFileSync(f))]) {
    assert(equalBytes(copy, input));
  }
});

Deno.test("subunit-tee -a goes on at the end of a file, otherwise makes it anew", async () => {
  using dir = new TempDir();
  const file = dir.file("run", "before");
  await runTool("subunit-tee", ["-a", file], { stdin: stream(PASSED) });
  assertEquals(
    text(Deno.readFileSync(file)),
    text(stream("before", PASSED)),
  );
  await runTool("subunit-tee", [file], { stdin: "after" });
  assertEquals(text(Deno.readFileSync(file)), "after");
});

Deno.test("subunit-tee --packets-only and --text split packets from text", async () => {
  using dir = new TempDir();
  const packets = `${dir.path}/packets`, log = `${dir.path}/log`;
  const { stdout } = await runTool("subunit-tee", [
    "--packets-only",
    "--text",
    log,
    packets,
  ], {
    stdin: stream("one ", PASSED, damaged(PASSED), "two г", PASSED, "\n"),
  });
  const rest = stream(PASSED, damaged(PASSED), PASSED);
  assert(equalBytes(stdout, rest));
  assert(equalBytes(Deno.readFileSync(packets), rest));
  assertEquals(text(Deno.readFileSync(log)), "one two г\n");
});

Deno.test("subunit-tee --text alone leaves the text in the stream as well", async () => {
  using dir = new TempDir();
  const log = `${dir.path}/log`;
  const input = stream("one ", PASSED, "two\n");
  const { stdout } = await runTool("subunit-tee", ["--sync", "--text", log], {
    stdin: input,
  });
  assert(equalBytes(stdout, input));
  assertEquals(text(Deno.readFileSync(log)), "one two\n");
});

Deno.test("subunit-tee cuts a file that cannot grow to whole packets, and copies on", async () => {
  using dir = new TempDir();
  const input = stream(...Array(400).fill(LONG));
  const full = `${dir.path}/full`;
  const { stdout, stderr, status } = await shell(
    // Blocks of 1024 bytes; with the signal ignored, the write fails at the limit.
    "trap '' XFSZ; ulimit -f 100; subunit-tee $1",
    [full],
    { stdin: input },
  );
  assertMatch(
    stderr,
    /^subunit-tee: Cannot write ".*full": file too large.*\n$/,
  );
  assertEquals(status, 2);
  assert(equalBytes(stdout, input), "standard output is not whole");
  assertWhole(Deno.readFileSync(full));
});

Deno.test("subunit-tee writes the other files when one cannot be written", async () => {
  using dir = new TempDir();
  // A write to a fifo without a reader fails.
  const { stderr, status } = await shell(
    `mkfifo $1/fifo; (exec 3< $1/fifo) &
      subunit-tee $1/fifo $1/file > $1/out`,
    [dir.path],
    { stdin: stream(...Array(200).fill(LONG)) },
  );
  assertMatch(stderr, /^subunit-tee: Cannot write ".*fifo": broken pipe.*\n$/);
  assertEquals(status, 2);
  for (const name of ["file", "out"]) {
    assertEquals(Deno.statSync(`${dir.path}/${name}`).size, 200 * LONG.length);
  }
});

Deno.test("subunit-tee exits 2 for a file it cannot open", async () => {
  const { status, stderr } = await runTool("subunit-tee", ["no/such/file"], {
    stdin: stream(PASSED),
  });
  assertMessage(stderr, "subunit-tee", ': Cannot open "no/such/file": ');
  assertEquals(status, 2);
});

Deno.test("subunit-tee leaves a whole file when its reader leaves", async () => {
  using dir = new TempDir();
  const file = `${dir.path}/run`;
  const packets = dir.file("packets", stream(...Array(1000).fill(LONG)));
  const { status, stderr } = await shell(
    "while cat $1; do :; done | subunit-tee $2 | head -c 1 > /dev/null; exit ${PIPESTATUS[1]}",
    [packets, file],
  );
  assertEquals(stderr, "");
  assertEquals(status, 141);
  assertWhole(Deno.readFileSync(file));
});

Deno.test("subunit-tee -p goes on when its reader leaves", async () => {
  using dir = new TempDir();
  const file = `${dir.path}/run`;
  const input = stream(...Array(1000).fill(LONG));
  const packets = dir.file("packets", input);
  const { status } = await shell(
    "cat $1 | subunit-tee -p $2 | true; exit ${PIPESTATUS[1]}",
    [packets, file],
  );
  assertEquals(status, 0);
  assert(equalBytes(Deno.readFileSync(file), input));
});

for (const [signal, status] of ENDING_SIGNALS) {
  Deno.test(`subunit-tee leaves a whole file when ${signal} ends it, read from or not`, async () => {
    using dir = new TempDir();
    for (const isRead of [true, false]) {
      const file = `${dir.path}/run`;
      const child = spawn([...commandOf("subunit-tee"), file]);
      const writer = child.stdin.getWriter();
      // Half a packet has been written when the signal arrives.
      const input = stream(...Array(500).fill(LONG), LONG.subarray(0, 500));
      const written = writer.write(input).catch(() => {});
      const reader = child.stdout.getReader();
      await within(reader.read());
      while (isRead && Deno.statSync(file).size < 500 * LONG.length) {
        await within(reader.read());
      }
      child.kill(signal);
      const finished = await within(child.status);
      assertEquals(finished.code, status);
      await written;
      await reader.cancel();
      assertWhole(Deno.readFileSync(file));
    }
  });
}

/** More than is written before a thread of its own takes over. */
const MUCH = 4_000_000;

Deno.test("subunit-tee ends on a signal while its reader does not go on", async () => {
  using dir = new TempDir();
  const file = `${dir.path}/run`;
  const child = spawn([...commandOf("subunit-tee"), file]);
  const writer = child.stdin.getWriter();
  const written = writer.write(stream(...Array(2 * MUCH / 1000).fill(LONG)))
    .catch(() => {});
  const reader = child.stdout.getReader();
  for (let count = 0; count < MUCH;) {
    count += (await within(reader.read())).value!.length;
  }
  child.kill("SIGTERM");
  assertEquals((await within(child.status)).code, 143);
  await written;
  await reader.cancel();
  assertWhole(Deno.readFileSync(file));
});

Deno.test("subunit-tee -p goes on when its reader leaves late", async () => {
  using dir = new TempDir();
  const file = `${dir.path}/run`;
  const input = stream(...Array(2 * MUCH / 1000).fill(LONG));
  const packets = dir.file("packets", input);
  const { status, stdout, stderr } = await shell(
    `cat $1 | subunit-tee -p $2 | head -c ${MUCH}; exit \${PIPESTATUS[1]}`,
    [packets, file],
  );
  assertEquals([stderr, status], ["", 0]);
  assert(equalBytes(stdout, input.subarray(0, MUCH)));
  assert(equalBytes(Deno.readFileSync(file), input));
});

Deno.test("subunit-tee -i lets interrupts pass", async () => {
  await using tool = new LiveTool("subunit-tee", ["-i"]);
  await within(tool.write(stream(PASSED)));
  const first = await tool.read(stream(PASSED).length);
  tool.kill("SIGINT");
  await within(tool.write(stream(PASSED)));
  assertEquals((await tool.read(2 * first.length)).length, 2 * first.length);
});

/** Checks that a file consists of whole packets. */
function assertWhole(bytes: Uint8Array): void {
  assert(bytes.length > 0, "the file is empty");
  for (const { kind } of itemsIn(bytes)) assertEquals(kind, "packet");
}
