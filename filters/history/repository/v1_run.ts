/**
 * Runs in version 1, which testr and stestr keep, as packets.
 *
 * @module
 */

import { V1Converter } from "../../capture/v1_converter.ts";
import { Output } from "../../kit/io/output.ts";

/**
 * Converts the chunks of a run in version 1.
 *
 * @param seconds the time of events to which the run gives none
 */
export async function* v1Chunks(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  seconds: number,
): AsyncGenerator<Uint8Array> {
  let written: Uint8Array[] = [];
  const out = new Output({
    writeSync(bytes) {
      written.push(bytes.slice());
      return bytes.length;
    },
    isTerminal: () => false,
  }, "memory");
  const converter = new V1Converter(out, {
    detectsPackets: true,
    judges: false,
    now: () => ({ seconds, nanoseconds: 0 }),
  });
  const take = () => {
    out.flush();
    const all = written;
    written = [];
    return all;
  };
  for await (const chunk of chunks) {
    converter.push(chunk);
    yield* take();
  }
  converter.end();
  yield* take();
}
