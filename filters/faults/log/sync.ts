/**
 * Makes two logs equal, or a part of them that a query chooses: one end asks, the
 * other one answers. Messages are packets between the events, one question at a
 * time, so that neither end waits for the other to read.
 *
 * @module
 */

import {
  encodePacket,
  grown,
  type Packet,
  type Timestamp,
} from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import { SIGNATURES } from "../../kit/stream/fault_tag.ts";
import { decodeValue, encodeValue, type Value } from "./cbor.ts";
import { canonicalBytes, ID_BYTES, idsIn, isEvent } from "./event.ts";
import type { RowTest } from "./evidence.ts";
import { idText } from "./id_set.ts";
import { forEachDistinct, Redactions } from "./merge.ts";
import type { LogSource } from "./reader.ts";
import { forEachChosen } from "./signed_ids.ts";
import { IdTrie, LEAF_IDS } from "./trie.ts";

/** The name of the file of a message; it has no test id. */
const MESSAGE = "fault-log sync";
const VERSION = 1;
/** How many prefixes are asked for at once: the answer fits into a message. */
const PREFIXES = 1024;
/** How many ids are in a message. */
const IDS = 32 * 1024;
/** How many names of faults are in a message. */
const NAMES = 1024;
const DIGITS = [..."0123456789abcdef"];

/** What is asked or answered. */
export type Message = readonly Value[];

/** The bytes of a message. */
export function encodeMessage(...message: Value[]): Uint8Array {
  return encodePacket({
    runnable: false,
    fileName: MESSAGE,
    fileBytes: encodeValue(message),
    eof: true,
  });
}

/** Reads a message; undefined if the packet is none. */
export function readMessage(packet: Packet): Message | undefined {
  if (packet.idAt >= 0 || packet.fileName !== MESSAGE) return undefined;
  try {
    const message = decodeValue(packet.fileBytes!.slice());
    return Array.isArray(message) ? message : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The part of a log that takes part, by the ids of its events. */
export interface SyncLog {
  readonly source: LogSource;
  /** Whether its fault was chosen by the query of both; undefined chooses all. */
  readonly isChosen: RowTest | undefined;
}

/** The ids of a part of a log; redacted events are not among them. */
export function trieOf({ source, isChosen }: SyncLog): IdTrie {
  let memory: Uint8Array = new Uint8Array(1024 * ID_BYTES), end = 0;
  forEachChosen(source, isChosen, (_, id) => {
    if (end === memory.length) memory = grown(memory, 2 * end);
    const view = new DataView(memory.buffer, end, ID_BYTES);
    id.forEach((word, i) => view.setInt32(4 * i, word));
    end += ID_BYTES;
  });
  return new IdTrie(memory.slice(0, end));
}

/** Calls `take` with the events of a log whose ids are wanted. */
export function forEachWanted(
  source: LogSource,
  ids: ReadonlySet<string>,
  take: (bytes: Uint8Array, fault: string) => void,
): void {
  if (ids.size === 0) return;
  forEachDistinct(
    [source],
    new Redactions().addAll(source),
    (bytes, packet, id) => {
      if (ids.has(idText(id))) take(bytes, packet.testId!);
    },
  );
}

/** The ids of the events of faults. */
export function idsOfFaults(
  source: LogSource,
  faults: ReadonlySet<string>,
): string[] {
  const ids: string[] = [];
  if (faults.size === 0) return ids;
  forEachDistinct(
    [source],
    new Redactions().addAll(source),
    (_bytes, _packet, id) => ids.push(idText(id)),
    (rows, i) => faults.has(rows.packet(i).testId!),
  );
  return ids;
}

function bytesOf(ids: readonly string[]): Uint8Array {
  return Uint8Array.fromHex(ids.join(""));
}

function* partsOf<T>(all: readonly T[], count: number): Generator<T[]> {
  for (let at = 0; at < all.length; at += count) {
    yield all.slice(at, at + count);
  }
}

/** The end that answers. */
export class SyncServer {
  readonly #open: (where: string | undefined, now: Timestamp) => SyncLog;
  readonly #append: (packets: readonly Uint8Array[]) => number;
  readonly #write: (bytes: Uint8Array) => void;
  #log: SyncLog | undefined;
  #trie: IdTrie | undefined;
  #pushed: Uint8Array[] = [];
  isDone = false;

  /**
   * @param open chooses the part of the log that a query is about
   * @param append adds events to the log, and returns how many it did not have
   */
  constructor(
    open: (where: string | undefined, now: Timestamp) => SyncLog,
    append: (packets: readonly Uint8Array[]) => number,
    write: (bytes: Uint8Array) => void,
  ) {
    this.#open = open;
    this.#append = append;
    this.#write = write;
  }

  /**
   * Takes a packet from the other end.
   *
   * @throws {ToolError} when it is not what the protocol expects
   */
  take(packet: Packet): void {
    const message = readMessage(packet);
    if (message === undefined) {
      if (isEvent(packet)) this.#pushed.push(canonicalBytes(packet).slice());
      return;
    }
    const [name, ...rest] = message;
    if (name === "hello") return this.#hello(rest);
    if (this.#log === undefined || this.#trie === undefined) throw unexpected();
    if (name === "ask") this.#answer("nodes", textsIn(rest[0]).map(this.#node));
    else if (name === "want") this.#send(rest);
    else if (name === "ids") {
      const ids = idsOfFaults(this.#log.source, new Set(textsIn(rest[0])));
      for (const part of partsOf(ids, IDS)) this.#answer("some", bytesOf(part));
      this.#answer("ids");
    } else if (name === "pushed") {
      this.#answer("added", this.#append(this.#pushed));
      this.#pushed = [];
    } else if (name === "bye") this.isDone = true;
    else throw unexpected();
  }

  #answer(...message: Value[]): void {
    this.#write(encodeMessage(...message));
  }

  #hello([version, where, seconds]: Message): void {
    if (version !== VERSION || typeof seconds !== "number") throw unexpected();
    const query = typeof where === "string" ? where : undefined;
    this.#log = this.#open(query, { seconds, nanoseconds: 0 });
    this.#trie = trieOf(this.#log);
    const { size } = this.#trie;
    this.#answer("root", size, this.#trie.sum({ from: 0, to: size }));
  }

  /** A node: its ids if they are few, or the counts and sums of its children. */
  readonly #node = (prefix: string): Value => {
    checkPrefix(prefix);
    const trie = this.#trie!, range = trie.range(prefix);
    if (range.to - range.from <= LEAF_IDS) return trie.bytes(range).slice();
    const children = DIGITS.map((digit) => trie.range(prefix + digit));
    const sums = new Uint8Array(ID_BYTES * DIGITS.length);
    children.forEach((child, i) => sums.set(trie.sum(child), ID_BYTES * i));
    return [children.map(({ from, to }) => to - from), sums];
  };

  #send([prefixes, ids]: Message): void {
    if (!(ids instanceof Uint8Array) || ids.length % ID_BYTES !== 0) {
      throw unexpected();
    }
    const wanted = new Set(idsIn(ids));
    for (const prefix of textsIn(prefixes)) {
      checkPrefix(prefix);
      const ids = this.#trie!.bytes(this.#trie!.range(prefix));
      for (const id of idsIn(ids)) wanted.add(id);
    }
    forEachWanted(this.#log!.source, wanted, (bytes) => this.#write(bytes));
    this.#answer("sent");
  }
}

function checkPrefix(prefix: string): void {
  if (!/^[0-9a-f]{0,31}$/.test(prefix)) throw unexpected();
}

function textsIn(value: Value | undefined): string[] {
  if (
    !Array.isArray(value) || value.some((item) => typeof item !== "string")
  ) throw unexpected();
  return value as string[];
}

function unexpected(): ToolError {
  return new ToolError(
    "Cannot sync: the other end sent what is not expected: check that it is fault-log sync, of this version",
  );
}

/** The way to the end that answers. */
export interface SyncChannel {
  /** Sends bytes; resolves when they may be changed. */
  send(bytes: Uint8Array): Promise<void>;
  /** The next packet; undefined at the end. It owns its bytes. */
  receive(): Promise<Packet | undefined>;
}

/** Which events go where. */
export interface SyncOptions {
  readonly where: string | undefined;
  readonly now: Timestamp;
  readonly pushes: boolean;
  readonly pulls: boolean;
}

/** What came of it. */
export interface SyncResult {
  readonly pulled: number;
  readonly pushed: number;
  /** Questions until the differences were known. */
  readonly rounds: number;
  /** The bytes of the answers to these. */
  readonly answerBytes: number;
}

/** The end that asks. */
export class SyncClient {
  readonly #channel: SyncChannel;
  readonly #log: SyncLog;
  readonly #append: (packets: readonly Uint8Array[]) => number;
  #rounds = 0;
  #answerBytes = 0;

  constructor(
    channel: SyncChannel,
    log: SyncLog,
    append: (packets: readonly Uint8Array[]) => number,
  ) {
    this.#channel = channel;
    this.#log = log;
    this.#append = append;
  }

  /** @throws {ToolError} when the other end leaves, or does not understand */
  async run({ where, now, pushes, pulls }: SyncOptions): Promise<SyncResult> {
    const trie = trieOf(this.#log);
    const { source } = this.#log;
    const found = await this.#differences(trie, where ?? null, now);
    const faults = new Set<string>();
    let pulled = 0, pushed = 0;
    if (pulls) {
      pulled += await this.#pull(found.prefixes, found.theirs, faults);
    }
    if (pushes) pushed += await this.#push(found.ours, faults);
    else forEachWanted(source, found.ours, (_, fault) => faults.add(fault));
    // A fault that one end did not choose may have changed there: whoever has
    // a part of a fault gets all of it.
    faults.delete(SIGNATURES);
    if (where !== undefined && faults.size > 0) {
      const theirs = await this.#idsOf(faults);
      const ours = new Set(idsOfFaults(source, faults));
      if (pulls) {
        const missing = [...theirs].filter((id) => !ours.has(id));
        pulled += await this.#pull([], missing, faults);
      }
      if (pushes) {
        const missing = [...ours].filter((id) => !theirs.has(id));
        pushed += await this.#push(new Set(missing), faults);
      }
    }
    await this.#channel.send(encodeMessage("bye"));
    return {
      pulled,
      pushed,
      rounds: this.#rounds,
      answerBytes: this.#answerBytes,
    };
  }

  /** Walks both tries down where they differ. */
  async #differences(trie: IdTrie, where: string | null, now: Timestamp) {
    const ours = new Set<string>();
    const theirs: string[] = [], prefixes: string[] = [];
    const [name, count, sum] = await this.#ask(
      encodeMessage("hello", VERSION, where, now.seconds),
    );
    if (name !== "root") throw unexpected();
    const all = { from: 0, to: trie.size };
    const isEqual = count === trie.size && sum instanceof Uint8Array &&
      sum.toHex() === trie.sum(all).toHex();
    for (let level = isEqual ? [] : [""]; level.length > 0;) {
      const next: string[] = [];
      for (const part of partsOf(level, PREFIXES)) {
        const [name, nodes] = await this.#ask(encodeMessage("ask", part));
        if (
          name !== "nodes" || !Array.isArray(nodes) ||
          nodes.length !== part.length
        ) throw unexpected();
        part.forEach((prefix, i) => {
          const node: Value = nodes[i];
          if (node instanceof Uint8Array) {
            const here = new Set(idsIn(trie.bytes(trie.range(prefix))));
            const there = new Set(idsIn(node));
            for (const id of here) if (!there.has(id)) ours.add(id);
            for (const id of there) if (!here.has(id)) theirs.push(id);
            return;
          }
          const [counts, sums] = Array.isArray(node) ? node : [];
          if (!Array.isArray(counts) || !(sums instanceof Uint8Array)) {
            throw unexpected();
          }
          DIGITS.forEach((digit, child) => {
            const range = trie.range(prefix + digit);
            const count = range.to - range.from;
            const theirSum = sums.subarray(
              ID_BYTES * child,
              ID_BYTES * (child + 1),
            );
            if (counts[child] === 0) {
              for (const id of idsIn(trie.bytes(range))) ours.add(id);
            } else if (count === 0) prefixes.push(prefix + digit);
            else if (
              count !== counts[child] ||
              trie.sum(range).toHex() !== theirSum.toHex()
            ) {
              // Below an id there is nothing to ask for.
              checkPrefix(prefix + digit);
              next.push(prefix + digit);
            }
          });
        });
      }
      level = next;
    }
    return { ours, theirs, prefixes };
  }

  async #ask(question: Uint8Array): Promise<Message> {
    this.#rounds++;
    await this.#channel.send(question);
    const { message, byteLength } = await this.#receive();
    if (message === undefined) throw unexpected();
    this.#answerBytes += byteLength;
    return message;
  }

  async #receive() {
    const packet = await this.#channel.receive();
    if (packet === undefined) {
      throw new ToolError(
        "Cannot sync: the other end has left: see its message, and run it again",
      );
    }
    const { byteLength } = packet;
    return { packet, message: readMessage(packet), byteLength };
  }

  async #pull(
    prefixes: readonly string[],
    ids: readonly string[],
    faults: Set<string>,
  ): Promise<number> {
    let count = 0;
    const wants: [prefixes: string[], ids: string[]][] = [
      ...[...partsOf(prefixes, PREFIXES)].map((
        part,
      ): [string[], string[]] => [part, []]),
      ...[...partsOf(ids, IDS)].map((part): [string[], string[]] => [[], part]),
    ];
    for (const [prefixes, ids] of wants) {
      await this.#channel.send(encodeMessage("want", prefixes, bytesOf(ids)));
      const packets: Uint8Array[] = [];
      for (;;) {
        const { packet, message } = await this.#receive();
        if (message?.[0] === "sent") break;
        if (message !== undefined || !isEvent(packet)) throw unexpected();
        const bytes = canonicalBytes(packet).slice();
        faults.add(packet.testId!);
        packets.push(bytes);
      }
      count += this.#append(packets);
    }
    return count;
  }

  async #push(
    ids: ReadonlySet<string>,
    faults: Set<string>,
  ): Promise<number> {
    if (ids.size === 0) return 0;
    const packets: Uint8Array[] = [];
    forEachWanted(this.#log.source, ids, (bytes, fault) => {
      faults.add(fault);
      packets.push(bytes.slice());
    });
    for (const packet of packets) await this.#channel.send(packet);
    await this.#channel.send(encodeMessage("pushed"));
    const { message } = await this.#receive();
    const [name, count] = message ?? [];
    if (name !== "added" || typeof count !== "number") throw unexpected();
    return count;
  }

  async #idsOf(faults: ReadonlySet<string>): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const part of partsOf([...faults], NAMES)) {
      await this.#channel.send(encodeMessage("ids", part));
      for (;;) {
        const { message } = await this.#receive();
        if (message?.[0] === "ids") break;
        const bytes = message?.[1];
        if (!(bytes instanceof Uint8Array)) throw unexpected();
        for (const id of idsIn(bytes)) ids.add(id);
      }
    }
    return ids;
  }
}
