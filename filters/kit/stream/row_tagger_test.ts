import { assertEquals } from "@std/assert";
import { PacketDecoder } from "@subunit/codec";
import fc from "fast-check";
import { memoryOutput } from "../../../tests/support/memory.ts";
import { anyEvent, pieces, stream } from "../../../tests/support/streams.ts";
import { Retagger } from "./retagger.ts";
import { RowTagger } from "./row_tagger.ts";

const SEED = 20130814;

/** Changes of tags: all, some, or none of the packets change. */
const CHANGES: readonly ((tags: readonly string[]) => readonly string[])[] = [
  (tags) => [...tags, "new"],
  (tags) => tags.length > 0 ? tags : ["none"],
  (tags) => tags.length === 1 ? [] : tags,
  (tags) => tags,
  // Too long for a row.
  (tags) => tags.length === 2 ? ["x".repeat(4000)] : tags,
];

Deno.test(`RowTagger writes what Retagger writes (seed ${SEED})`, () => {
  const tags = fc.constantFrom(undefined, [], ["a"], ["a", "b"], ["b", "a"]);
  const events = fc.array(
    fc.tuple(anyEvent(), tags).map(([event, tags]) => ({ ...event, tags })),
    { maxLength: 30 },
  );
  const size = fc.integer({ min: 20, max: 4000 });
  const change = fc.constantFrom(...CHANGES);
  fc.assert(
    fc.property(events, size, change, (events, size, change) => {
      const plain = memoryOutput(), fast = memoryOutput();
      const retagger = new Retagger(plain.out);
      const tagger = new RowTagger(fast.out, change);
      const decoder = new PacketDecoder();
      for (const piece of pieces(stream(...events), size)) {
        decoder.push(piece);
        decoder.drainRows((rows) => {
          for (let i = 0; i < rows.count; i++) {
            const packet = rows.packet(i);
            const tags = packet.tags ?? [];
            const changed = change(tags);
            if (changed === tags) plain.out.writeItem(packet);
            else retagger.write(packet, changed);
          }
          tagger.write(rows);
        }, () => {});
        plain.out.flush();
        fast.out.flush();
      }
      assertEquals(fast.written().toHex(), plain.written().toHex());
    }),
    { seed: SEED, numRuns: 500 },
  );
});
