/**
 * Packets of version 2 in a stream of version 1.
 *
 * @module
 */

import { crc32 } from "../v2/crc32.ts";
import { claimedLength, HEADER_INCOMPLETE } from "../v2/fields.ts";
import { CRC_BYTES } from "../v2/layout.ts";
import { Packet } from "../v2/packet.ts";
import { RunningCrc } from "../v2/running_crc.ts";

/** Shorter packets are checked faster by reading them again. */
const LONG_PACKET_BYTES = 1024;

/**
 * Finds packets. Anything else is not damage here but text, which may contain
 * any byte.
 */
export class PacketProbe {
  /** The stream offset up to which bytes belong to a claim that failed. */
  #suspectedTo = 0;
  readonly #running = new RunningCrc();

  /**
   * The packet at `start`, where a signature is; false when there is none,
   * undefined when that depends on bytes after `end`. `base` is the stream
   * offset of the first byte of `source`; calls must be in ascending order of
   * position.
   */
  packetAt(
    source: Uint8Array,
    view: DataView,
    base: number,
    start: number,
    end: number,
  ): Packet | false | undefined {
    const length = claimedLength(source, start, end);
    if (typeof length === "object") return false;
    if (length === HEADER_INCOMPLETE || start + length > end) return undefined;
    const crcAt = start + length - CRC_BYTES;
    // Headers nested in one another's claims must not cost a CRC of 4 MiB each.
    const computed =
      length > LONG_PACKET_BYTES && base + start < this.#suspectedTo
        ? this.#running.range(view, base, base + start, base + crcAt)
        : crc32(view, start, crcAt);
    if (computed === view.getUint32(crcAt)) {
      const packet = Packet.index(source, view, start, start + length);
      if (packet instanceof Packet) return packet;
    }
    this.#suspectedTo = Math.max(this.#suspectedTo, base + start + length);
    return false;
  }
}
