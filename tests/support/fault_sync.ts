/**
 * The two ends of a sync of fault logs, in one process.
 *
 * @module
 */

import { type Packet, PacketDecoder } from "@subunit/codec";
import { appendEvents } from "../../filters/faults/log/append.ts";
import {
  type SyncChannel,
  SyncClient,
  type SyncLog,
  SyncServer,
} from "../../filters/faults/log/sync.ts";

/** A channel to an end that answers at once. */
export function channelTo(
  makeServer: (answer: (bytes: Uint8Array) => void) => SyncServer,
): SyncChannel {
  const answers: Uint8Array[] = [];
  const server = makeServer((bytes) => answers.push(bytes.slice()));
  const questions = new PacketDecoder(), decoder = new PacketDecoder();
  const packets: Packet[] = [];
  return {
    send(bytes) {
      // The bytes may be changed when this resolves.
      questions.push(bytes.slice());
      questions.drain((item) => {
        if (item.kind === "packet") server.take(item);
      });
      return Promise.resolve();
    },
    receive() {
      for (const bytes of answers.splice(0)) {
        decoder.push(bytes);
        decoder.drain((item) => {
          if (item.kind === "packet") packets.push(item.copy());
        });
      }
      return Promise.resolve(packets.shift());
    },
  };
}

/** Makes two log files equal. */
export async function syncFiles(mine: string, theirs: string): Promise<void> {
  const channel = channelTo((answer) =>
    new SyncServer(() => wholeOf(theirs), appendTo(theirs), answer)
  );
  await new SyncClient(channel, wholeOf(mine), appendTo(mine)).run({
    where: undefined,
    now: { seconds: 1, nanoseconds: 0 },
    pushes: true,
    pulls: true,
  });
}

function appendTo(path: string) {
  return (packets: readonly Uint8Array[]) => appendEvents(path, packets).added;
}

function wholeOf(path: string): SyncLog {
  return {
    source: {
      forEachRows(takeRows, takeOther) {
        const decoder = new PacketDecoder();
        decoder.push(Deno.readFileSync(path));
        decoder.end();
        decoder.drainRows(takeRows, takeOther);
      },
    },
    isChosen: undefined,
  };
}
