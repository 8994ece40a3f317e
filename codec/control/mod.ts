/**
 * Control packets: the messages between a test server and its client, which
 * travel in the same stream as results. They are made, recognized, and moved one
 * hop: a multiplexer takes the first element off the route code of what goes
 * down, and puts the name of the child in front of what comes up.
 *
 * @example A client asks the second worker for two tests
 * ```ts
 * import { decodePacket } from "@subunit/codec";
 * import {
 *   ControlReader,
 *   encodeControl,
 *   firstElement,
 *   idsBody,
 *   idsIn,
 *   popRoute,
 * } from "@subunit/codec/control";
 *
 * const run = decodePacket(encodeControl({
 *   word: "run",
 *   request: "subunit.req.1",
 *   routeCode: "1",
 *   body: idsBody(["a.t", "b.t"]),
 * }));
 * // The multiplexer …
 * console.log(firstElement(run)); // 1
 * const down = decodePacket(popRoute(run)!);
 * // The worker …
 * const message = new ControlReader().add(down)!;
 * console.log(message.word, message.request, idsIn(message.body)); // run subunit.req.1 [ "a.t", "b.t" ]
 * ```
 *
 * @module
 */

export {
  type Command,
  COMMANDS,
  CONTROL_TYPE,
  type ControlInput,
  type ControlMessage,
  ControlReader,
  encodeControl,
  encodeStdin,
  isControl,
  isControlRow,
  isStdin,
  type ReadMessage,
  REPLIES,
  type Reply,
  STDIN_FILE_NAME,
} from "./message.ts";
export {
  type Ask,
  type Changed,
  type Done,
  ERROR_CODES,
  idsBody,
  idsIn,
  isReadable,
  type JsonReply,
  readReply,
  type Ready,
  type Refusal,
  type ReplyBodies,
  replyBody,
} from "./bodies.ts";
export {
  firstElement,
  popRoute,
  pushRoute,
  RouteEditor,
  RouteElement,
} from "../v2/route.ts";
