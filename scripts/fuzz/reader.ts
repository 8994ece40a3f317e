/**
 * A second reader of packets, slow and obvious, to check the tools by. It
 * shares no code with the codec.
 *
 * @module
 */

/** The fields of a packet that laws compare. */
export interface PlainPacket {
  /** Where it begins and ends in the stream. */
  readonly start: number;
  readonly end: number;
  readonly id?: string;
  readonly route?: string;
  /** 0 to 7, as in the flags. */
  readonly status: number;
  /** What a filter keeps whatever it does to ids, routes and tags. */
  readonly content: string;
}

/** The codes of the statuses that end a test. */
const FINAL = ["success", "uxsuccess", "skip", "fail", "xfail"] as const;
const FIRST_FINAL = 3;

/** The CRC-32 of zlib, bit by bit. */
export function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) {
      crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
    }
  }
  return ~crc >>> 0;
}

/** Returns the sound packets of a stream that are not inside another one. */
export function packetsIn(bytes: Uint8Array): PlainPacket[] {
  const packets: PlainPacket[] = [];
  let text = 0;
  for (let at = 0; at < bytes.length;) {
    const packet = bytes[at] === 0xb3 ? packetAt(bytes, at, text) : undefined;
    if (packet !== undefined) {
      packets.push(packet);
      text = packet.end;
    }
    at = packet?.end ?? at + 1;
  }
  return packets;
}

/** Returns the bytes of a packet in its stream. */
export function bytesOf(
  stream: Uint8Array,
  { start, end }: PlainPacket,
): Uint8Array {
  return stream.subarray(start, end);
}

/** Returns how many bytes a header claims; undefined if it is none. */
export function claimAt(bytes: Uint8Array, start: number): number | undefined {
  const octets = (bytes[start + 3] >> 6) + 1;
  if (bytes[start + 1] >> 4 !== 2 || octets > 3) return undefined;
  return numberAt(bytes, start + 3);
}

function numberAt(bytes: Uint8Array, at: number): number {
  let value = bytes[at] & 0x3f;
  for (let i = 1; i <= bytes[at] >> 6; i++) value = value * 256 + bytes[at + i];
  return value;
}

/** Decodes UTF-8; undefined if it is not valid. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns whether a signature is the last byte of a UTF-8 character of text. */
function isInCharacter(
  bytes: Uint8Array,
  start: number,
  textStart: number,
): boolean {
  return [1, 2, 3].some((before) => {
    if (start - before < textStart) return false;
    const text = decode(bytes.subarray(start - before, start + 1));
    return text !== undefined && [...text].length === 1;
  });
}

/** Returns the packet at an offset, with the text that began at another. */
function packetAt(
  bytes: Uint8Array,
  start: number,
  textStart: number,
): PlainPacket | undefined {
  const length = claimAt(bytes, start);
  if (length === undefined || length < 8 || start + length > bytes.length) {
    return undefined;
  }
  const end = start + length, limit = end - 4;
  const flags = bytes[start + 1] << 8 | bytes[start + 2];
  let at = start + 3, isSound = true;
  const has = (bit: number) => (flags & bit) !== 0;
  const number = (): number => {
    const value = numberAt(bytes, at);
    at += (bytes[at] >> 6) + 1;
    isSound &&= at <= limit;
    return isSound ? value : 0;
  };
  const take = (count: number): Uint8Array => {
    isSound &&= at + count <= limit;
    return isSound ? bytes.subarray(at, at += count) : new Uint8Array(0);
  };
  const string = (): string => {
    const text = decode(take(number()));
    isSound &&= text !== undefined && !text.includes("\0");
    return text ?? "";
  };
  number();
  const time = has(0x200) ? [take(4).toHex(), number()] : undefined;
  const id = has(0x800) ? string() : undefined;
  if (has(0x80)) {
    for (let count = number(); count > 0 && isSound; count--) string();
  }
  if (has(0x20)) string();
  const file = has(0x40) ? [string(), take(number()).toHex()] : undefined;
  const route = has(0x400) ? string() : undefined;
  if (has(0x8)) string();
  // Text is not held back for fields that no writer of today has.
  if (at < limit && isInCharacter(bytes, start, textStart)) return undefined;
  if (!isSound) return undefined;
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(limit);
  if (checksum(bytes.subarray(start, limit)) !== stored) return undefined;
  const status = flags & 7;
  const content = JSON.stringify([
    id,
    status,
    has(0x100),
    has(0x10),
    time,
    file,
  ]);
  return { start, end, id, route, status, content };
}

/** Counts tests by outcome; those that start and never end are lost. */
export function countTests(
  packets: readonly PlainPacket[],
): Record<string, number> {
  const counts: Record<string, number> = { lost: 0 };
  for (const name of FINAL) counts[name] = 0;
  const open = new Set<string>();
  for (const { id, route, status } of packets) {
    if (id === undefined || status === 1) continue;
    const key = JSON.stringify([id, route]);
    if (status < FIRST_FINAL) open.add(key);
    else {
      counts[FINAL[status - FIRST_FINAL]]++;
      open.delete(key);
    }
  }
  counts.lost = open.size;
  return counts;
}

/** Returns whether all packets are among others, in the same order. */
export function isKept(
  packets: readonly PlainPacket[],
  others: readonly PlainPacket[],
): boolean {
  let at = 0;
  for (const { content } of others) {
    if (at < packets.length && packets[at].content === content) at++;
  }
  return at === packets.length;
}
