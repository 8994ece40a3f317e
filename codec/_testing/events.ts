/**
 * Events and packets from the fields that matter.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { encodePacket } from "../v2/encoder.ts";
import { decodePacket, type Packet } from "../v2/packet.ts";

/** A packet with the given fields. */
export function packet(fields: Partial<StatusEvent>): Packet {
  return decodePacket(encodePacket({ runnable: true, ...fields }));
}

/** A time in whole seconds since 1970. */
export function at(seconds: number): Timestamp {
  return { seconds, nanoseconds: 0 };
}
