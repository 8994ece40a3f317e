import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { concat } from "@std/bytes/concat";
import { ROOT, run, text } from "../../../tests/support/run.ts";
import { equalBytes, pieces } from "../../../tests/support/streams.ts";
import { SignedStreamError } from "../errors.ts";
import { PartDigests, Spool } from "./spool.ts";

const MIB = 1024 * 1024;

/** Bytes that are not the same in any two parts. */
function content(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at ^ at >> 8 ^ at >> 16);
}

/**
 * Runs a program that has a `Spool` in a process of its own: environment and
 * descriptors of this one are those of other tests, too.
 *
 * @returns what it prints
 */
async function printedBy(
  program: string,
  env: Record<string, string> = {},
): Promise<string> {
  const module = new URL("spool.ts", import.meta.url).href;
  const { status, stdout, stderr } = await run([
    Deno.execPath(),
    "eval",
    `import { Spool } from "${module}";\n${program}`,
  ], { env, cwd: ROOT.pathname });
  assertEquals([status, stderr], [0, ""]);
  return text(stdout);
}

/** The files without a name that the process has open, by their modes. */
const NAMELESS_FILES = `
function namelessFiles() {
  const descriptors = [...Deno.readDirSync("/proc/self/fd")]
    .map(({ name }) => "/proc/self/fd/" + name);
  return descriptors.flatMap((path) => {
    try {
      const isSpool = /gpg-signed-stream-.*\\(deleted\\)$/
        .test(Deno.readLinkSync(path));
      return isSpool ? [Deno.statSync(path).mode & 0o777] : [];
    } catch {
      // The descriptor the directory was read by.
      return [];
    }
  });
}`;

Deno.test("Spool gives back what was written, more than once", () => {
  const bytes = content(MIB + 1);
  using spool = new Spool();
  for (const piece of pieces(bytes, 100_000)) spool.write(piece);
  for (let times = 0; times < 2; times++) {
    const read = concat(Array.from(spool.chunks(), (chunk) => chunk.slice()));
    assert(equalBytes(read, bytes));
  }
});

Deno.test({
  name: "Spool has a file for nobody else, without a name",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const printed = await printedBy(`${NAMELESS_FILES}
      const found = [namelessFiles()];
      {
        using spool = new Spool();
        spool.write(new Uint8Array(1));
        found.push(namelessFiles());
      }
      found.push(namelessFiles());
      console.log(JSON.stringify(found));`);
    assertEquals(JSON.parse(printed), [[], [0o600], []]);
  },
});

Deno.test("Spool says what failed when there is no room for it", async () => {
  const printed = await printedBy(
    `try {
      new Spool();
    } catch (error) {
      console.log(error.name + ": " + error.message);
    }`,
    { TMPDIR: "/nowhere" },
  );
  assertStringIncludes(
    printed,
    "SignedStreamError: Cannot make the spool file: no such file or directory",
  );
});

/** What of the second pass is let go, and the exit status it ends with. */
async function secondPass(
  first: Uint8Array,
  second: Uint8Array,
): Promise<[number, number]> {
  const digests = new PartDigests();
  for (const piece of pieces(first, 300_000)) digests.add(piece);
  let released = 0;
  try {
    for await (const part of digests.check(pieces(second, 200_000))) {
      const expected = first.subarray(released, released + part.length);
      assert(equalBytes(part, expected));
      released += part.length;
    }
  } catch (error) {
    assert(error instanceof SignedStreamError);
    return [released, error.exitStatus];
  }
  return [released, 0];
}

Deno.test("PartDigests lets content go that is that of the first pass", async () => {
  for (const size of [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB]) {
    const bytes = content(size);
    assertEquals(await secondPass(bytes, bytes), [size, 0]);
  }
});

Deno.test("PartDigests lets no part go that has changed, nor what follows", async () => {
  const first = content(3 * MIB + 5);
  const changed = (at: number) => {
    const second = first.slice();
    second[at] ^= 1;
    return second;
  };
  for (
    const [second, released] of [
      [changed(0), 0],
      [changed(MIB - 1), 0],
      [changed(MIB), MIB],
      [changed(3 * MIB), 3 * MIB],
      [first.subarray(0, -1), 3 * MIB],
      [first.subarray(0, 3 * MIB), 3 * MIB],
      [first.subarray(0, MIB), MIB],
      [new Uint8Array(0), 0],
      [concat([first, Uint8Array.of(0)]), 3 * MIB],
      [concat([first, first]), 3 * MIB],
    ] as const
  ) {
    assertEquals(await secondPass(first, second), [released, 1]);
  }
  const whole = content(MIB);
  const longer = concat([whole, Uint8Array.of(0)]);
  assertEquals(await secondPass(whole, longer), [MIB, 1]);
});

Deno.test("PartDigests says that content changed that no longer reads", async () => {
  const digests = new PartDigests();
  digests.add(content(2 * MIB));
  const broken = function* () {
    yield content(MIB);
    throw new SignedStreamError(4, "Cannot read the message");
  };
  let released = 0;
  const error = await assertRejects(async () => {
    for await (const part of digests.check(broken())) released += part.length;
  }, SignedStreamError);
  assertEquals([released, error.exitStatus], [MIB, 1]);
});
