import { assertEquals } from "@std/assert";
import { PacketDecoder } from "@subunit/codec";
import fc from "fast-check";
import { memoryOutput } from "../../tests/support/memory.ts";
import { noisyStream, pieces } from "../../tests/support/streams.ts";
import { Labeller } from "./labeller.ts";

const SEED = 20130814;

Deno.test(`Labeller writes rows as it writes packets (seed ${SEED})`, () => {
  const label = fc.constantFrom(undefined, "a", "linux arm", "l".repeat(4090));
  const size = fc.integer({ min: 20, max: 4000 });
  fc.assert(
    fc.property(
      noisyStream,
      size,
      label,
      fc.boolean(),
      (bytes, size, label, prefixesIds) => {
        const plain = memoryOutput(), fast = memoryOutput();
        const oneByOne = new Labeller(plain.out, label, prefixesIds);
        const labeller = new Labeller(fast.out, label, prefixesIds);
        const decoder = new PacketDecoder();
        const drain = () => {
          decoder.drainRows((rows) => {
            for (let i = 0; i < rows.count; i++) oneByOne.write(rows.packet(i));
            labeller.writeRows(rows, (packet) => labeller.write(packet));
          }, (item) => {
            oneByOne.write(item);
            labeller.write(item);
          });
          plain.out.flush();
          fast.out.flush();
        };
        for (const piece of pieces(bytes, size)) {
          decoder.push(piece);
          drain();
        }
        decoder.end();
        drain();
        assertEquals(fast.written().toHex(), plain.written().toHex());
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});
