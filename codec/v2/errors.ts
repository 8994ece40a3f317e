/**
 * What can be wrong with a packet, and how it is said.
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
  /** The CRC-32 does not hold. */
  | "checksum"
  /** The CRC-32 holds, but a field runs past the end of the packet. */
  | "field"
  /** The CRC-32 holds, but a string is not UTF-8 or holds a NUL. */
  | "text";

/** What is wrong with the bytes of a would-be packet. */
export interface Fault {
  readonly code: FaultCode;
  /** What was found and what was expected, without the place. */
  readonly detail: string;
  /** How many bytes a truncated packet lacks, where its header says. */
  readonly missingBytes?: number;
}

/** Bytes that were expected to be one sound packet are not. */
export class PacketError extends Error {
  override name = "PacketError";
  readonly code: FaultCode;

  constructor({ code, detail }: Fault) {
    super(`Cannot decode packet: ${detail}`);
    this.code = code;
  }
}
