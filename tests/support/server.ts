/**
 * Running servers, commanded packet by packet.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { StatusEvent } from "@subunit/codec";
import {
  type Command,
  encodeControl,
  encodeStdin,
  idsBody,
  isControl,
} from "@subunit/codec/control";
import { pathOf, quote } from "../../scripts/tool_path.ts";
import { commandOf, ROOT, text } from "./run.ts";
import { ServerProcess } from "./server_process.ts";

/** Runs tests that do what their ids say, as a command of the shell. */
export function leafCommand(...ids: string[]): string {
  const script = pathOf(new URL("tests/support/leaf.ts", ROOT));
  const config = pathOf(new URL("deno.json", ROOT));
  const words = [Deno.execPath(), "run", "-A", "--no-check"];
  return [...words, `--config=${config}`, script, ...ids].map(quote).join(" ");
}

/** An event as "route id status #tag", or "route word body" for a message. */
export function described(event: StatusEvent): string {
  const { routeCode = "-", testId, status, tags = [], fileName } = event;
  const body = event.fileBytes === undefined ? "" : text(event.fileBytes);
  if (isControl(event)) {
    const shown = fileName === "ready" ? JSON.parse(body).engine : body;
    return `${routeCode} ${fileName} ${shown}`;
  }
  const words = status === undefined
    ? [testId, `${fileName}:`, body.trimEnd()]
    : [testId, status, ...tags.map((tag) => `#${tag}`)];
  if (status !== undefined && body !== "") words.push(`(${body})`);
  return [routeCode, ...words].filter((word) => word !== undefined).join(" ");
}

/** A server that is addressed by routes. */
export class LiveServer extends ServerProcess {
  constructor(
    command: readonly string[],
    env: Record<string, string> = {},
  ) {
    super(command, { env, stderr: "inherit" });
  }

  /** Starts a tool. */
  static tool(
    name: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): LiveServer {
    return new LiveServer([...commandOf(name), ...args], env);
  }

  send(
    word: Command,
    { route, ids, request, body, options }: {
      route?: string;
      ids?: readonly string[];
      request?: string;
      body?: string;
      options?: readonly string[];
    } = {},
  ): Promise<void> {
    return this.write(encodeControl({
      word,
      routeCode: route,
      request,
      options,
      body: ids === undefined ? body : idsBody(ids),
    }));
  }

  type(line: string, route: string): Promise<void> {
    const bytes = new TextEncoder().encode(line);
    return this.write(encodeStdin(bytes, { routeCode: route }));
  }

  /** The events, described, up to the first that begins like this. */
  async until(start: string): Promise<string[]> {
    const all: string[] = [];
    for (;;) {
      const event = await this.next();
      assert(event, `it ended without ${start} after\n${all.join("\n")}`);
      all.push(described(event));
      if (all.at(-1)!.startsWith(start)) return all;
    }
  }

  /** The events, described, to the last one. */
  async rest(): Promise<string[]> {
    const all: string[] = [];
    for (let event; (event = await this.next());) all.push(described(event));
    return all;
  }
}
