/**
 * Workers for subunit-run that are shell scripts: they write what they are given.
 *
 * @module
 */

import { encodeControl, replyBody } from "@subunit/codec/control";

/** A command that writes bytes. */
export function printf(bytes: Uint8Array): string {
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, "0")}`;
  return `printf '${Array.from(bytes, octal).join("")}'`;
}

/** The reply with which a worker begins. */
const READY: Uint8Array = encodeControl({
  word: "ready",
  body: replyBody("ready", { protocol: 1, engine: "sh", can: ["list", "run"] }),
});

/** The reply that ends the nth request. */
export function done(request: number): Uint8Array {
  const req = `subunit.req.${request}`;
  return encodeControl({
    word: "done",
    body: replyBody("done", { req, ran: 1, unrun: [] }),
  });
}

/**
 * A script that is ready, writes the output of a command once it is commanded,
 * ends the first request and waits for the end.
 */
export function workerScript(command: string): string {
  return `${printf(READY)}; head -c 1 > /dev/null; ${command}; ${
    printf(done(1))
  }; cat > /dev/null`;
}

/** The same for bytes. */
export function writingScript(bytes: Uint8Array): string {
  return workerScript(printf(bytes));
}
