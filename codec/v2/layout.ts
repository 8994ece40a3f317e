/**
 * The facts of the packet format, each once.
 *
 * ```text
 *   bytes    field         present when
 *   1        signature     always: 0xB3
 *   2        flags         always: version (4 bits), features (9), status (3)
 *   1..3     length        always: number, of the whole packet
 *   4 + 1..4 timestamp     TIMESTAMP: seconds, then nanoseconds as a number
 *   string   test id       TEST_ID
 *   n x str  tags          TAGS: count as a number, then the strings
 *   string   MIME type     MIME_TYPE
 *   string   file name     FILE_CONTENT
 *   n bytes  file content  FILE_CONTENT: length as a number, then the bytes
 *   string   routing code  ROUTING_CODE
 *   string   parent id     PARENT (protocol 2.1)
 *   4        CRC-32        always: of all bytes before it
 * ```
 *
 * A string is its length in bytes as a number, then UTF-8 without NUL.
 * Fixed-size fields are big-endian. Source: the subunit README, "Version 2".
 *
 * @module
 */

/** The first byte of every packet. */
export const SIGNATURE = 0xb3;
/** The version in the top four bits of the flags. */
export const VERSION = 2;

/** Bit masks of the flags field. */
export const FLAG = {
  TEST_ID: 0x0800,
  ROUTING_CODE: 0x0400,
  TIMESTAMP: 0x0200,
  RUNNABLE: 0x0100,
  TAGS: 0x0080,
  FILE_CONTENT: 0x0040,
  MIME_TYPE: 0x0020,
  EOF: 0x0010,
  PARENT: 0x0008,
  STATUS: 0x0007,
} as const;

/** Signature and flags, which come before the length. */
export const LENGTH_OFFSET = 3;
/** The checksum at the end of a packet. */
export const CRC_BYTES = 4;
/** The longest packet: the largest number in three octets. */
export const MAX_PACKET_BYTES = 4194303;
/** The longest length field that readers accept. */
export const MAX_LENGTH_OCTETS = 3;
/** The largest value of a number: 30 bits. */
export const MAX_NUMBER = 2 ** 30 - 1;

/**
 * The fewest bytes each flag stands for, from bit 0 on: a number or the length
 * of a string takes one, file content two, a timestamp five.
 */
const SMALLEST = [0, 0, 0, 1, 0, 1, 2, 1, 0, 5, 1, 1];

/**
 * The fewest bytes a packet with given flags can have without its length
 * field, indexed by the flags without the version.
 */
export const SMALLEST_PACKET: Uint8Array = new Uint8Array(0x1000);
SMALLEST_PACKET[0] = LENGTH_OFFSET + CRC_BYTES;
for (let flags = 1; flags < SMALLEST_PACKET.length; flags++) {
  const highest = 31 - Math.clz32(flags);
  SMALLEST_PACKET[flags] = SMALLEST_PACKET[flags - 2 ** highest] +
    SMALLEST[highest];
}
