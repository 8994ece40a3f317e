import { assertEquals } from "@std/assert";
import { formatTimestamp } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { ByteWriter, Constant, decimalsOf, escapesOf } from "./byte_writer.ts";

const SEED = 3339;

/** What `write` writes. */
function written(write: (to: ByteWriter) => void, room = 1024): Uint8Array {
  const parts: Uint8Array[] = [];
  const to = new ByteWriter({
    writeRange: (bytes, start, end) => {
      parts.push(bytes.slice(start, end));
    },
  });
  to.reserve(room);
  write(to);
  to.flush();
  return concat(parts);
}

const textOf = (write: (to: ByteWriter) => void) =>
  new TextDecoder().decode(written(write));

Deno.test(`ByteWriter writes times as formatTimestamp does (seed ${SEED})`, () => {
  const anySeconds = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 32 }),
    fc.constantFrom(0, 59, 60, 3599, 3600, 86399, 86400, 951782400, 2 ** 31),
  );
  const anyNanoseconds = fc.oneof(
    fc.integer({ min: 0, max: 999_999_999 }),
    fc.integer({ min: 0, max: 999 }).map((ms) => ms * 1_000_000),
    fc.constantFrom(0, 1, 10, 999_999_999, 500_000_000),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anySeconds, anyNanoseconds), { minLength: 1 }),
      (times) => {
        const lines = textOf((to) => {
          for (const [seconds, nanoseconds] of times) {
            to.reserve(40);
            to.dateTime(seconds, 0x54);
            to.fraction(nanoseconds, decimalsOf(nanoseconds));
            to.text("Z\n");
          }
        });
        assertEquals(
          lines,
          times.map(([seconds, nanoseconds]) =>
            formatTimestamp({ seconds, nanoseconds }) + "\n"
          ).join(""),
        );
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("ByteWriter writes as many decimals as it is asked for", () => {
  const cases: [nanoseconds: number, decimals: number, text: string][] = [
    [500_000_000, 0, ""],
    [500_000_000, 1, ".5"],
    [500_000_000, 6, ".500000"],
    [1, 9, ".000000001"],
    [999_999_999, 6, ".999999"],
  ];
  for (const [nanoseconds, decimals, text] of cases) {
    assertEquals(textOf((to) => to.fraction(nanoseconds, decimals)), text);
  }
});

Deno.test("ByteWriter writes whole numbers", () => {
  const numbers = [0, 9, 10, 99, 100, 12345, 999999, 1000000, 2 ** 31 - 1];
  for (const number of numbers) {
    assertEquals(textOf((to) => to.integer(number)), String(number));
  }
});

Deno.test(`ByteWriter copies bytes of any length from anywhere (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(200),
      fc.nat(200),
      (bytes, a, b) => {
        const [start, end] = [a, b].map((at) => at % (bytes.length + 1))
          .sort((x, y) => x - y);
        // A view of its own, in the middle of a buffer.
        const source = concat([Uint8Array.of(1, 2, 3), bytes]).subarray(3);
        const view = new DataView(source.buffer, 3);
        assertEquals(
          written((to) => {
            to.byte(0x3a);
            to.copy(source, view, start, end);
            to.constant(Constant.of(";"));
          }),
          concat([
            Uint8Array.of(0x3a),
            bytes.subarray(start, end),
            Uint8Array.of(0x3b),
          ]),
        );
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("ByteWriter escapes ASCII and leaves other characters", () => {
  const escapes = escapesOf((character) =>
    JSON.stringify(character).slice(1, -1)
  );
  for (
    const text of ["", "plain", 'a"b\\c\n\u0000\u001f\u007f', "é\u2028😀\n"]
  ) {
    const bytes = new TextEncoder().encode(text);
    let isAscii: boolean | undefined;
    const json = textOf((to) => {
      isAscii = to.escaped(bytes, 0, bytes.length, escapes);
    });
    assertEquals(json, JSON.stringify(text).slice(1, -1));
    assertEquals(isAscii, bytes.length === text.length);
  }
});

Deno.test("ByteWriter hands over what has no room, and grows", () => {
  const parts: number[] = [];
  const to = new ByteWriter({
    writeRange: (_bytes, start, end) => {
      parts.push(end - start);
    },
  });
  const bytes = new Uint8Array(100_000).fill(0x61);
  const view = new DataView(bytes.buffer);
  for (const count of [40_000, 20_000, 10_000, 100_000, 3]) {
    to.reserve(count);
    to.copy(bytes, view, 0, count);
  }
  to.flush();
  to.flush();
  assertEquals(parts, [60_000, 10_000, 100_000, 3]);
});
