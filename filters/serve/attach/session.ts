/**
 * A conversation with the test of a route: what the server sends becomes text,
 * and what is typed becomes packets.
 *
 * @module
 */

import { isFinalStatus, type StatusEvent } from "@subunit/codec";
import {
  ControlReader,
  encodeControl,
  encodeStdin,
  isControl,
  type ReadMessage,
  readReply,
} from "@subunit/codec/control";
import { encodeMessage, type RouteState } from "../hub/messages.ts";
import { END_KEY, LEAVE_KEY } from "../../kit/io/typing.ts";

const LINE_FEED = 0x0a;

/** What a {@linkcode Session} is made with. */
export interface SessionOptions {
  /** The route; undefined for the one that asks next. */
  readonly route: string | undefined;
  readonly isReadOnly: boolean;
  readonly steals: boolean;
  /** How many lines from before it are shown. */
  readonly lines: number;
  readonly pid: number;
  /** Sends packets to the server. */
  send(packets: Uint8Array): void;
  /** Shows output of the test; it may hold anything. */
  show(text: string): void;
  /** Shows a message that is not the test's. */
  say(message: string): void;
}

/** A conversation: see {@linkcode SessionOptions}. */
export class Session {
  readonly #options: SessionOptions;
  readonly #reader = new ControlReader();
  readonly #over = Promise.withResolvers<number>();
  readonly #attached = Promise.withResolvers<void>();
  readonly #decoder = new TextDecoder();
  /** The route, once it is known. */
  #route: string | undefined;
  /** Routes that others give the input of. */
  readonly #taken = new Set<string>();
  #mayType: boolean;
  /** The test in progress. */
  #test: string | undefined;
  #line: number[] = [];
  /** Whether a pipe has given input. */
  #isPiped = false;
  /** Whether no test has run at the route since it was attached to. */
  #isIdle = false;
  #hasEnded = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#mayType = !options.isReadOnly;
  }

  /** Resolves with the exit status. */
  get over(): Promise<number> {
    return this.#over.promise;
  }

  /** Resolves when a test can be given input. */
  get attached(): Promise<void> {
    return this.#attached.promise;
  }

  /** Begins the conversation. */
  begin(): void {
    const { route } = this.#options;
    if (route !== undefined) this.#attach(route);
    else {
      this.#options.say("waiting for a test that asks");
      this.#options.send(encodeMessage({
        word: "attach",
        options: ["read-only", "lines=0"],
      }));
    }
  }

  #attach(route: string): void {
    const { lines, pid, steals, isReadOnly } = this.#options;
    this.#route = route;
    this.#options.send(encodeMessage({
      word: "attach",
      routeCode: route,
      options: [
        `lines=${lines}`,
        `pid=${pid}`,
        ...steals ? ["steal"] : [],
        ...isReadOnly ? ["read-only"] : [],
      ],
    }));
  }

  /** Takes an event from the server. */
  take(event: StatusEvent): void {
    if (this.#hasEnded) return;
    if (isControl(event)) {
      const message = this.#reader.add(event);
      if (message !== undefined) this.#hear(message);
      return;
    }
    if (this.#route === undefined || !this.#isBelow(event.routeCode)) return;
    const { fileName, fileBytes, testId, status, parentTestId } = event;
    if (status === "inprogress") this.#isIdle = false;
    if (
      fileBytes !== undefined &&
      (fileName === "stdout" || fileName === "stderr")
    ) {
      // node inspect writes a backspace before each line.
      const text = this.#decoder.decode(fileBytes, { stream: true });
      this.#options.show(text.replaceAll("\b", ""));
    }
    const isEnd = isFinalStatus(status) && parentTestId === undefined;
    if (!isEnd || testId !== this.#test) return;
    this.#options.say(`${testId}: ${status}`);
    this.#test = undefined;
    if (!this.#mayType) return;
    // What follows is of the next test.
    this.#hasEnded = true;
    this.#over.resolve(0);
  }

  #isBelow(routeCode: string | undefined): boolean {
    return routeCode !== undefined && (routeCode === this.#route ||
      routeCode.startsWith(`${this.#route}/`));
  }

  #hear(message: ReadMessage): void {
    const { word, routeCode } = message;
    const { say, route } = this.#options;
    switch (word) {
      case "attached": {
        if (routeCode === undefined || routeCode !== this.#route) return;
        const state: Partial<RouteState> = JSON.parse(textOf(message));
        this.#test = state.test;
        this.#isIdle = state.state === "idle";
        const what = `${routeCode}: ${state.test ?? "no test"}`;
        say(`${what} (${state.state ?? "several routes"}); Ctrl-] leaves`);
        this.#attached.resolve();
        return;
      }
      case "ask": {
        if (this.#route === undefined && route === undefined) {
          if (routeCode === undefined || this.#taken.has(routeCode)) return;
          this.#options.send(encodeMessage({ word: "detach" }));
          this.#attach(routeCode);
        } else if (routeCode === this.#route) {
          this.#test = readReply("ask", message)?.test;
        }
        return;
      }
      case "detached":
        this.#mayType = false;
        say(textOf(message));
        return;
      case "error": {
        const { code, text = "" } = readReply("error", message) ?? {};
        if (code === "busy" && route === undefined && this.#route) {
          // Somebody else was faster.
          this.#taken.add(this.#route);
          this.#route = undefined;
          return this.begin();
        }
        say(text + (code === "busy" ? ": see --steal and --read-only" : ""));
        // What a pipe had for the test is gone, and nothing else will come.
        if (code !== "no-reader" || this.#isPiped) this.#over.resolve(2);
      }
    }
  }

  /** Takes bytes that were typed: a line, or a key that ends one. */
  typed(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === LEAVE_KEY) return this.#over.resolve(0);
      if (byte === END_KEY) {
        if (this.#line.length === 0) this.end();
        else this.#sendLine();
      } else {
        this.#line.push(byte);
        if (byte === LINE_FEED) this.#sendLine();
      }
    }
  }

  /** Takes bytes of a pipe; none at its end. */
  piped(bytes?: Uint8Array): void {
    this.#isPiped = true;
    if (bytes !== undefined) return this.#input(bytes.slice(), false);
    this.end();
    if (!this.#isIdle) return;
    this.#options.say(`no test of "${this.#route}" is in progress`);
    this.#over.resolve(2);
  }

  /** The input of the test ends. */
  end(): void {
    this.#input(new Uint8Array(0), true);
  }

  #sendLine(): void {
    this.#input(Uint8Array.from(this.#line), false);
    this.#line = [];
  }

  #input(bytes: Uint8Array, eof: boolean): void {
    if (!this.#mayType || this.#route === undefined) return;
    const routeCode = this.#route;
    this.#options.send(encodeStdin(bytes, { routeCode, eof }));
  }

  /** Ctrl-C: for the test; leaves where there is none to be interrupted. */
  interrupt(): void {
    this.#line = [];
    if (!this.#mayType || this.#route === undefined) {
      return this.#over.resolve(0);
    }
    const routeCode = this.#route;
    this.#options.send(
      encodeControl({ word: "signal", body: "INT", routeCode }),
    );
  }

  /** The server is gone. */
  lose(): void {
    this.#options.say("the server has ended");
    this.#over.resolve(1);
  }
}

function textOf({ body }: ReadMessage): string {
  return new TextDecoder().decode(body);
}
