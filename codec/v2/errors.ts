/**
 * What can be wrong with a packet.
 *
 * @module
 */

/** Why bytes are not a packet. Branch on this, never on a message. */
export type FaultCode =
  /** The version in the flags is not 2. */
  | "version"
  /** The length is shorter than the packet's fields or longer than 4194303. */
  | "length"
  /** The input ends before the packet does. */
  | "truncated"
  /** The CRC-32 is wrong. */
  | "checksum"
  /** The CRC-32 is right, but a field runs past the end of the packet. */
  | "field"
  /** The CRC-32 is right, but a string is not UTF-8 or contains a NUL. */
  | "text";

/** What is wrong with bytes that begin like a packet. */
export interface Fault {
  readonly code: FaultCode;
  /** What was found and what was expected, without the position. */
  readonly detail: string;
  /** How many bytes a truncated packet lacks, if its header tells. */
  readonly missingBytes?: number;
}

/** Thrown for bytes that should be one sound packet and are not. */
export class PacketError extends Error {
  override name = "PacketError";
  readonly code: FaultCode;

  constructor({ code, detail }: Fault) {
    super(`Cannot decode packet: ${detail}`);
    this.code = code;
  }
}
