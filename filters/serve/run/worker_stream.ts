/**
 * What a worker writes, as part of the stream of a run.
 *
 * @module
 */

import {
  change,
  itemEvents,
  now,
  type Packet,
  PacketEncoder,
  type StatusEvent,
  type StreamItem,
} from "@subunit/codec";
import {
  type ControlInput,
  ControlReader,
  isControl,
  isReadable,
  pushRoute,
  RouteElement,
} from "@subunit/codec/control";
import { lostTest, type Missing } from "../../kit/stream/failures.ts";
import { Verdict } from "../../kit/stream/verdict.ts";
import { unreadable } from "../hub/messages.ts";
import type { Reported, Session } from "./session.ts";

/** Whoever is commanded: a process, or a server that runs. */
export interface Peer {
  /** The exit status of a tool that judges what it wrote. */
  readonly exitStatus: number;
  /** Reads what it writes, until it is over. */
  run(): Promise<void>;
  /** Sends a command to a route. */
  send(route: string, command: ControlInput): void;
  /** Sends bytes to the test of a route. */
  input(route: string, bytes: Uint8Array, isEnd: boolean): void;
  /** Writes the result of a test that it should have had. */
  report(test: Reported): void;
  /** Ends it: when it wants, or within a few seconds. */
  quit(): void;
  /** Ends it at once. */
  kill(reason: string): void;
}

/** Where the stream goes, and who must know what is in it. */
export interface StreamSurroundings {
  readonly session: Session;
  /** Writes packets to the stream. */
  readonly write: (bytes: Uint8Array) => void;
  readonly flush: () => void;
  /** Writes the failure of a test. */
  readonly fail: (test: Missing) => void;
  /** The tag of all results, if any. */
  readonly tag: () => string | undefined;
}

/** The part of a stream that one worker writes. */
export class WorkerStream {
  readonly #slot: string;
  readonly #element: RouteElement | undefined;
  readonly #around: StreamSurroundings;
  readonly #onReady: () => void;
  readonly #onUnfit: (reason: string) => void;
  readonly #encoder = new PacketEncoder();
  #reader = new ControlReader();
  #verdict = new Verdict();
  exitStatus = 0;

  /**
   * @param slot what is put in front of routes; "" for nothing
   * @param onReady is called when the worker can be commanded
   * @param onUnfit is called when it cannot run tests, or cannot be understood
   */
  constructor(
    slot: string,
    around: StreamSurroundings,
    onReady: () => void,
    onUnfit: (reason: string) => void,
  ) {
    this.#slot = slot;
    this.#around = around;
    this.#onReady = onReady;
    this.#onUnfit = onUnfit;
    this.#element = slot === "" ? undefined : new RouteElement(slot);
  }

  #routeOf(routeCode: string | undefined): string {
    if (this.#slot === "") return routeCode ?? "";
    return routeCode === undefined ? this.#slot : `${this.#slot}/${routeCode}`;
  }

  /** A route from the worker on. */
  below(route: string): string | undefined {
    if (route === this.#slot) return undefined;
    return this.#slot === "" ? route : route.slice(this.#slot.length + 1);
  }

  /** Takes an item that the worker has written, which is valid until then. */
  take(item: StreamItem): void {
    if (item.kind === "foreign") {
      return this.#writeEvent(textEvent("stdout", item.bytes));
    }
    if (item.kind === "damage") {
      this.#verdict.add(item);
      for (const event of itemEvents(item)) this.#writeEvent(event);
      return;
    }
    const { session, tag } = this.#around;
    const route = this.#routeOf(item.routeCode);
    if (isControl(item)) {
      const message = this.#reader.add(item);
      if (message === undefined) return;
      const { word } = message;
      if (!isReadable(message)) {
        this.#add(unreadable(word, now()));
        return this.#onUnfit(`its message "${word}" cannot be read`);
      }
      session.message(route, message);
      if (word !== "ready") return;
      if (session.hasWorker(this.#slot)) this.#onReady();
      else if (route === this.#slot) this.#onUnfit("it runs no tests");
      return;
    }
    const fate = session.event(route, item);
    if (fate === "pass") {
      this.#verdict.add(item);
      if (tag() !== undefined && item.testId !== undefined) {
        this.#writeEvent(item);
      } else this.#passOn(item);
    } else if (fate === "without status" && item.fileName !== undefined) {
      this.#writeEvent(change(item, { status: undefined }));
    }
  }

  /** What was taken passes on. */
  endChunk(): void {
    this.#verdict.endChunk();
    this.#around.flush();
  }

  /** Takes text that the worker has written elsewhere. */
  takeText(fileName: string, text: Uint8Array): void {
    this.#writeEvent(textEvent(fileName, text));
    this.#around.flush();
  }

  /** The worker has ended: what was in progress is lost. */
  end(): void {
    for (const test of this.#verdict.end()) {
      const routeCode = this.#routeOf(test.routeCode) || undefined;
      this.#around.fail({ ...lostTest(test), routeCode });
    }
    this.exitStatus ||= this.#verdict.exitStatus;
    this.#reader = new ControlReader();
    this.#verdict = new Verdict();
  }

  /** Writes the result of a test that the worker should have had. */
  report({ route, ...test }: Reported): void {
    this.#add({ ...test, routeCode: this.below(route) });
  }

  #add(event: StatusEvent): void {
    this.#verdict.add(event);
    this.#writeEvent(event);
  }

  #passOn(packet: Packet): void {
    let pushed: Uint8Array;
    try {
      pushed = this.#element === undefined
        ? packet.bytes
        : pushRoute(packet, this.#element);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // It has no room for the element.
      return this.#writeEvent(packet);
    }
    this.#around.write(pushed);
  }

  #writeEvent(event: StatusEvent): void {
    const { testId, tags = [] } = event;
    const tag = testId === undefined ? undefined : this.#around.tag();
    const routed = change(event, {
      routeCode: this.#routeOf(event.routeCode) || undefined,
      ...(tag === undefined ? {} : { tags: [...tags, tag].sort() }),
    });
    this.#encoder.encodeEach(routed, this.#around.write);
  }
}

/** Text as part of a file without a test. */
function textEvent(fileName: string, text: Uint8Array): StatusEvent {
  return { runnable: false, fileName, fileBytes: text, timestamp: now() };
}
