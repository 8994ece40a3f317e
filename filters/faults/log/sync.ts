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
import { IdSet, idText, idWords } from "./id_set.ts";
import { forEachDistinct, forEachEvent, Redactions } from "./merge.ts";
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
/** How many bytes of events are held: each part takes a pass over a log. */
const PART_BYTES = 32 * 1024 * 1024;
/** How many of them are sent at a time. */
const BLOCK_BYTES = 64 * 1024;
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
function trieOf({ source, isChosen }: SyncLog): IdTrie {
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
function forEachWanted(
  source: LogSource,
  ids: IdSet,
  take: (bytes: Uint8Array, fault: string) => void,
): void {
  if (ids.size === 0) return;
  forEachDistinct(
    [source],
    new Redactions().addAll(source),
    (bytes, packet, id) => {
      if (ids.has(id)) take(bytes, packet.testId!);
    },
  );
}

/** Packets one behind the other: an array for each takes more. */
class Gathered {
  #memory: Uint8Array = new Uint8Array(BLOCK_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    const end = this.#length + bytes.length;
    while (end > this.#memory.length) {
      this.#memory = grown(this.#memory, 2 * this.#memory.length);
    }
    this.#memory.set(bytes, this.#length);
    this.#length = end;
  }

  /** A view, valid until something is added. */
  bytes(start = 0, end: number = this.#length): Uint8Array {
    return this.#memory.subarray(start, end);
  }

  clear(): void {
    this.#length = 0;
  }
}

/**
 * Yields the same events in parts, one behind the other in each: whoever sends
 * them has to wait between two parts. A part is valid until the next.
 */
function* wantedParts(
  source: LogSource,
  ids: IdSet,
  partBytes: number,
  take: (fault: string) => void,
): Generator<Uint8Array> {
  if (ids.size === 0) return;
  const redactions = new Redactions().addAll(source);
  const sent = new IdSet(), id = new Int32Array(ID_BYTES / 4);
  const part = new Gathered();
  for (let from = 0, isMore = true; isMore;) {
    let next = 0;
    isMore = false;
    part.clear();
    forEachEvent(source, (packet) => {
      if (redactions.has(packet)) return;
      const bytes = canonicalBytes(packet);
      if (!ids.has(idWords(bytes, id)) || !sent.add(id)) return;
      take(packet.testId!);
      part.add(bytes);
      if (part.length < partBytes) return;
      from = next;
      isMore = true;
    }, () => next++ >= from && !isMore);
    yield part.bytes();
  }
}

/** Events on their way into a log: they are appended whenever they are many. */
class Arrivals {
  readonly #append: (packets: readonly Uint8Array[]) => number;
  readonly #partBytes: number;
  readonly #packets = new Gathered();
  /** Where each of them ends. */
  #ends: number[] = [];
  #added = 0;

  constructor(
    append: (packets: readonly Uint8Array[]) => number,
    partBytes: number,
  ) {
    this.#append = append;
    this.#partBytes = partBytes;
  }

  add(packet: Packet): void {
    this.#packets.add(canonicalBytes(packet));
    this.#ends.push(this.#packets.length);
    if (this.#packets.length >= this.#partBytes) this.#flush();
  }

  /** Appends the rest, and returns how many events the log did not have. */
  end(): number {
    this.#flush();
    const added = this.#added;
    this.#added = 0;
    return added;
  }

  #flush(): void {
    const ends = this.#ends;
    this.#added += this.#append(
      ends.map((end, i) => this.#packets.bytes(ends[i - 1], end)),
    );
    this.#packets.clear();
    this.#ends = [];
  }
}

/** The ids of the events of faults. */
function idsOfFaults(
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
  readonly #write: (bytes: Uint8Array) => void;
  readonly #pushed: Arrivals;
  #log: SyncLog | undefined;
  #trie: IdTrie | undefined;
  isDone = false;

  /**
   * @param open chooses the part of the log that a query is about
   * @param append adds events to the log, and returns how many it did not have
   * @param partBytes how many bytes of events are held until they are appended
   */
  constructor(
    open: (where: string | undefined, now: Timestamp) => SyncLog,
    append: (packets: readonly Uint8Array[]) => number,
    write: (bytes: Uint8Array) => void,
    partBytes: number = PART_BYTES,
  ) {
    this.#open = open;
    this.#write = write;
    this.#pushed = new Arrivals(append, partBytes);
  }

  /**
   * Takes a packet from the other end.
   *
   * @throws {ToolError} when it is not what the protocol expects
   */
  take(packet: Packet): void {
    const message = readMessage(packet);
    if (message === undefined) {
      if (isEvent(packet)) this.#pushed.add(packet);
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
    } else if (name === "pushed") this.#answer("added", this.#pushed.end());
    else if (name === "bye") this.isDone = true;
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
    const wanted = new IdSet();
    wanted.addAll(ids);
    for (const prefix of textsIn(prefixes)) {
      checkPrefix(prefix);
      wanted.addAll(this.#trie!.bytes(this.#trie!.range(prefix)));
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
  readonly #partBytes: number;
  readonly #pulled: Arrivals;
  #rounds = 0;
  #answerBytes = 0;

  /**
   * @param append adds events to the log, and returns how many it did not have
   * @param partBytes how many bytes of events are held until they are appended
   */
  constructor(
    channel: SyncChannel,
    log: SyncLog,
    append: (packets: readonly Uint8Array[]) => number,
    partBytes: number = PART_BYTES,
  ) {
    this.#channel = channel;
    this.#log = log;
    this.#partBytes = partBytes;
    this.#pulled = new Arrivals(append, partBytes);
  }

  /** @throws {ToolError} when the other end leaves, or does not understand */
  async run({ where, now, pushes, pulls }: SyncOptions): Promise<SyncResult> {
    const trie = trieOf(this.#log);
    const { source } = this.#log;
    const found = await this.#differences(trie, where ?? null, now);
    const faults = new Set<string>();
    const take = where === undefined
      ? () => {}
      : (fault: string) => faults.add(fault);
    let pulled = 0, pushed = 0;
    if (pulls) pulled += await this.#pull(found.prefixes, found.theirs, take);
    if (pushes) pushed += await this.#push(found.ours, take);
    else forEachWanted(source, found.ours, (_, fault) => take(fault));
    // A fault that one end did not choose may have changed there: whoever has
    // a part of a fault gets all of it.
    faults.delete(SIGNATURES);
    if (faults.size > 0) {
      const theirs = await this.#idsOf(faults);
      const ours = new Set(idsOfFaults(source, faults));
      if (pulls) {
        const missing = [...theirs].filter((id) => !ours.has(id));
        pulled += await this.#pull([], missing, take);
      }
      if (pushes) {
        const missing = new IdSet();
        missing.addAll(bytesOf([...ours].filter((id) => !theirs.has(id))));
        pushed += await this.#push(missing, take);
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
    const ours = new IdSet();
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
            if (node.length % ID_BYTES !== 0) throw unexpected();
            // One end may have all, and the other one few.
            const there = new IdSet();
            there.addAll(node);
            ours.addAll(trie.bytes(trie.range(prefix)), there);
            for (const id of idsIn(node)) if (!trie.has(id)) theirs.push(id);
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
              ours.addAll(trie.bytes(range));
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
    take: (fault: string) => void,
  ): Promise<number> {
    const wants: [prefixes: string[], ids: string[]][] = [
      ...[...partsOf(prefixes, PREFIXES)].map((
        part,
      ): [string[], string[]] => [part, []]),
      ...[...partsOf(ids, IDS)].map((part): [string[], string[]] => [[], part]),
    ];
    for (const [prefixes, ids] of wants) {
      await this.#channel.send(encodeMessage("want", prefixes, bytesOf(ids)));
      for (;;) {
        const { packet, message } = await this.#receive();
        if (message?.[0] === "sent") break;
        if (message !== undefined || !isEvent(packet)) throw unexpected();
        take(packet.testId!);
        this.#pulled.add(packet);
      }
    }
    return this.#pulled.end();
  }

  async #push(
    ids: IdSet,
    take: (fault: string) => void,
  ): Promise<number> {
    if (ids.size === 0) return 0;
    const { source } = this.#log;
    for (const part of wantedParts(source, ids, this.#partBytes, take)) {
      for (let at = 0; at < part.length; at += BLOCK_BYTES) {
        await this.#channel.send(part.subarray(at, at + BLOCK_BYTES));
      }
    }
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
