/**
 * Version 1, the legacy text protocol: decoding and encoding.
 *
 * @module
 */

export * from "./decoder.ts";
export { V1Event } from "./event.ts";
export { V1PacketEncoder } from "./packets.ts";
export type { V1RunOptions } from "./run.ts";
export {
  V1Encoder,
  type V1EncoderOptions,
  V1EncoderStream,
  type V1Losses,
} from "./encoder.ts";
export { TextQuoter } from "./quoting.ts";
