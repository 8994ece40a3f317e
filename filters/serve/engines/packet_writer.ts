/**
 * Writes packets in a generation, where the codec cannot be loaded: the project
 * under test has modules and permissions of its own.
 *
 * @module
 */

/** An event of a generation, as text. */
export interface PlainEvent {
  readonly testId?: string;
  readonly parentTestId?: string;
  readonly status?:
    | "exists"
    | "inprogress"
    | "success"
    | "uxsuccess"
    | "skip"
    | "fail"
    | "xfail";
  readonly tags?: readonly string[];
  readonly runnable?: boolean;
  readonly fileName?: string;
  readonly text?: string;
  readonly mimeType?: string;
  /** In milliseconds since 1970, with a fraction. */
  readonly time?: number;
}

/**
 * Returns a function that makes a packet of an event, with a route code. A text
 * that is too long for a packet is cut.
 *
 * This uses nothing outside itself: its text runs in the generation.
 */
export function packetWriter(
  routeCode: string,
): (event: PlainEvent) => Uint8Array {
  const STATUSES = "exists inprogress success uxsuccess skip fail xfail".split(
    " ",
  );
  const MAX_TEXT_BYTES = 3_500_000;
  const table = new Int32Array(256).map((_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) {
      value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    }
    return value;
  });
  const encoder = new TextEncoder();
  /** Neither NUL nor half a character can be in a packet. */
  const sound = (text: string) =>
    text.toWellFormed().replaceAll("\0", "\ufffd");

  return (event) => {
    const parts: Uint8Array[] = [];
    let flags = 0x2000, length = 0;
    const bytes = (part: Uint8Array) => {
      parts.push(part);
      length += part.length;
    };
    const number = (value: number) =>
      bytes(Uint8Array.from(
        value < 0x40
          ? [value]
          : value < 0x4000
          ? [0x40 | value >> 8, value]
          : value < 0x400000
          ? [0x80 | value >> 16, value >> 8, value]
          : [0xc0 | value >> 24, value >> 16, value >> 8, value],
      ));
    const content = (part: Uint8Array) => {
      number(part.length);
      bytes(part);
    };
    const string = (text: string) => content(encoder.encode(sound(text)));
    if (event.time !== undefined) {
      flags |= 0x0200;
      const seconds = Math.floor(event.time / 1000);
      const view = new DataView(new ArrayBuffer(4));
      view.setUint32(0, seconds);
      bytes(new Uint8Array(view.buffer));
      number(Math.floor((event.time - seconds * 1000) * 1000) * 1000);
    }
    if (event.testId !== undefined) {
      flags |= 0x0800;
      string(event.testId);
    }
    if (event.tags !== undefined && event.tags.length > 0) {
      flags |= 0x0080;
      number(event.tags.length);
      event.tags.forEach(string);
    }
    if (event.mimeType !== undefined) {
      flags |= 0x0020;
      string(event.mimeType);
    }
    if (event.fileName !== undefined) {
      flags |= 0x0040 | 0x0010;
      string(event.fileName);
      content(encoder.encode(event.text ?? "").subarray(0, MAX_TEXT_BYTES));
    }
    flags |= 0x0400;
    string(routeCode);
    if (event.parentTestId !== undefined) {
      flags |= 0x0008;
      string(event.parentTestId);
    }
    if (event.runnable !== false) flags |= 0x0100;
    if (event.status !== undefined) {
      flags |= STATUSES.indexOf(event.status) + 1;
    }
    const rest = 3 + length + 4;
    const total = rest + 1 < 0x40
      ? rest + 1
      : rest + 2 < 0x4000
      ? rest + 2
      : rest + 3;
    const packet = new Uint8Array(total);
    const view = new DataView(packet.buffer);
    packet[0] = 0xb3;
    view.setUint16(1, flags);
    let at = 3;
    const width = total - rest;
    if (width === 1) packet[at] = total;
    else if (width === 2) view.setUint16(at, 0x4000 | total);
    else {
      packet[at] = 0x80 | total >> 16;
      view.setUint16(at + 1, total & 0xffff);
    }
    at += width;
    for (const part of parts) {
      packet.set(part, at);
      at += part.length;
    }
    let crc = -1;
    for (let i = 0; i < at; i++) {
      crc = table[(crc ^ packet[i]) & 0xff] ^ (crc >>> 8);
    }
    view.setUint32(at, ~crc);
    return packet;
  };
}
