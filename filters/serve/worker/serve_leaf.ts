/**
 * Connects a leaf to the standard streams and to the clock.
 *
 * @module
 */

import { PacketDecoder, PacketEncoder } from "@subunit/codec";
import { readInputAsync } from "../../kit/io/input.ts";
import { ownPid } from "../../kit/io/environment.ts";
import { onEndingSignal } from "../../kit/io/signals.ts";
import type { Output } from "../../kit/io/output.ts";
import type { Engine, EngineReports } from "./engine.ts";
import { Leaf, type LeafOptions } from "./leaf.ts";

/** An engine that has processes to be ended. */
export interface ClosableEngine extends Engine {
  close(): Promise<void>;
}

/** What an engine is made with. */
export interface EngineSurroundings {
  readonly reports: EngineReports;
  readonly flush: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Obeys the commands on standard input until they end.
 *
 * @returns the exit status
 * @throws what an engine or a standard stream throws
 */
export async function serveLeaf(
  out: Output,
  makeEngine: (surroundings: EngineSurroundings) => ClosableEngine,
  options: Pick<LeafOptions, "timeoutSeconds" | "loadSeconds" | "onAsk">,
): Promise<number> {
  const encoder = new PacketEncoder();
  const over = Promise.withResolvers<number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let blocked = 0;
  // A test is not slow while nobody takes its results.
  const clock = () => performance.now() - blocked;
  const flush = () => {
    const start = performance.now();
    try {
      out.flush();
    } catch (error) {
      over.reject(error);
    }
    blocked += performance.now() - start;
    clearTimeout(timer);
    const { deadline } = leaf;
    if (deadline === undefined) return;
    const wait = Math.max(deadline - clock(), 0);
    timer = setTimeout(() => {
      leaf.expire();
      flush();
    }, Math.min(wait, 2 ** 31 - 1));
  };
  // The leaf reports to the engine, and the engine to the leaf.
  const reports: EngineReports = {
    loading: (file) => leaf.loading(file),
    loaded: (ids) => leaf.loaded(ids),
    event: (event) => leaf.event(event),
    changed: (files) => leaf.changed(files),
    asks: (prompt) => leaf.asks(prompt),
    ended: (reason) => leaf.ended(reason),
  };
  const engine = makeEngine({ reports, flush, fail: over.reject });
  const leaf: Leaf = new Leaf({
    ...options,
    engine,
    clock,
    write: (event) => {
      try {
        encoder.encodeEach(event, (packet) => out.write(packet));
      } catch (error) {
        over.reject(error);
      }
    },
  });
  const stopListening = onEndingSignal((_, status) => over.resolve(status));
  leaf.done.then(() => over.resolve(0));
  takeCommands(leaf, flush).catch(over.reject);
  try {
    leaf.begin(ownPid());
    flush();
    return await over.promise;
  } finally {
    clearTimeout(timer);
    stopListening();
    await engine.close();
  }
}

/** Gives the commands on standard input to a leaf. */
async function takeCommands(leaf: Leaf, flush: () => void): Promise<void> {
  const decoder = new PacketDecoder();
  const drain = () => {
    decoder.drain((item) => {
      // What is no packet is for nobody.
      if (item.kind === "packet") leaf.take(item);
    });
    flush();
  };
  for await (const chunk of readInputAsync("-")) {
    decoder.push(chunk);
    drain();
  }
  decoder.end();
  drain();
  leaf.endInput();
  flush();
}
