import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { equalBytes, pieces } from "../../../tests/support/streams.ts";
import { SignedStreamError } from "../errors.ts";
import { PartDigests, Spool } from "./spool.ts";

const MIB = 1024 * 1024;

/** Bytes that are not the same in any two parts. */
function content(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at ^ at >> 8 ^ at >> 16);
}

/** The files without a name that this process has open, by their modes. */
function namelessFiles(): number[] {
  const descriptors = [...Deno.readDirSync("/proc/self/fd")]
    .map(({ name }) => `/proc/self/fd/${name}`);
  return descriptors.flatMap((path) => {
    try {
      const isSpool = /gpg-signed-stream-.*\(deleted\)$/
        .test(Deno.readLinkSync(path));
      return isSpool ? [Deno.statSync(path).mode! & 0o777] : [];
    } catch {
      // The descriptor the directory was read by.
      return [];
    }
  });
}

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
  fn() {
    assertEquals(namelessFiles(), []);
    {
      using spool = new Spool();
      spool.write(content(1));
      assertEquals(namelessFiles(), [0o600]);
    }
    assertEquals(namelessFiles(), []);
  },
});

Deno.test("Spool says what failed when there is no room for it", () => {
  const before = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", "/nowhere");
  try {
    assertThrows(
      () => new Spool(),
      SignedStreamError,
      "Cannot make the spool file: no such file or directory",
    );
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
  }
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
