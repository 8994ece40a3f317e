/**
 * The messages between a server and those who attach to it, which are control
 * packets besides those of the codec.
 *
 * | to the server | body | options | |
 * | --- | --- | --- | --- |
 * | `routes` | | | answered by `routes` |
 * | `attach` | | `lines=N`, `read-only`, `steal`, `pid=N`, `ready` | copies of the packets of its route, without one of all; answered by `attached`, or `error`; `ready`: all messages of that name before it come again |
 * | `detach` | | | ends that |
 *
 * | from the server | body | |
 * | --- | --- | --- |
 * | `routes` | {@linkcode RouteState}s | |
 * | `attached` | {@linkcode RouteState} | the output before it follows |
 * | `detached` | text | another client gives the input now |
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  encodePackets,
  PARSER_TEST_ID,
  type StatusEvent,
  textFile,
  type Timestamp,
} from "@subunit/codec";
import { CONTROL_TYPE, type ControlMessage } from "@subunit/codec/control";

/** What a route does. */
export interface RouteState {
  readonly route: string;
  readonly state: "idle" | "running" | "asking";
  /** The test in progress. */
  readonly test?: string;
  /** What it asks. */
  readonly prompt?: string;
  /** For how long the state has been the same. */
  readonly seconds: number;
  /** The process that gives the input. */
  readonly driver?: string;
}

/** Encodes a message to attach, or about it. */
export function encodeMessage(
  { word, body = new Uint8Array(0), request, options, routeCode }:
    & Omit<ControlMessage, "body">
    & { readonly body?: Uint8Array | string },
): Uint8Array {
  return concat(encodePackets({
    testId: request,
    tags: options,
    mimeType: CONTROL_TYPE,
    fileName: word,
    fileBytes: typeof body === "string" ? new TextEncoder().encode(body) : body,
    eof: true,
    routeCode,
    runnable: false,
  }));
}

/** The failure of a message that cannot be read, as of any damage. */
export function unreadable(word: string, timestamp: Timestamp): StatusEvent {
  return {
    testId: PARSER_TEST_ID,
    status: "fail",
    runnable: true,
    timestamp,
    ...textFile("Parser Error", `The body of "${word}" cannot be read.\n`),
  };
}

/** The value of an option `name=value` in a message. */
export function optionIn(
  options: readonly string[],
  name: string,
): string | undefined {
  return options.find((one) => one.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
