/**
 * What routes do, and the clients that watch them or give their tests input.
 *
 * @module
 */

import { encodePacket } from "@subunit/codec";
import {
  type Ask,
  encodeControl,
  type ReadMessage,
  replyBody,
} from "@subunit/codec/control";
import { Backlog } from "./backlog.ts";
import { encodeMessage, optionIn, type RouteState } from "./messages.ts";

/** How many routes are kept: a child could make up any number of them. */
const MAX_ROUTES = 10_000;
/** How many lines before it a client is shown, unless it says so. */
const LINES = 40;

/** Whether a message is about attaching. */
export function isAttaching(word: string): boolean {
  return word === "routes" || word === "attach" || word === "detach";
}

/** A client that is connected. */
export interface Client {
  /** Takes bytes that it may keep. */
  send(bytes: Uint8Array): void;
}

/** What is known of a route. */
interface Route {
  readonly name: string;
  test: string | undefined;
  prompt: string | undefined;
  isAsking: boolean;
  /** Since when it does what it does. */
  since: number;
  /** With what its server began. */
  ready: Uint8Array | undefined;
  readonly backlog: Backlog;
}

/** A client at a route, which is all routes below it, too; "" is all. */
interface Watch {
  readonly client: Client;
  readonly route: string;
  isDriver: boolean;
  readonly pid: string;
}

function isBelow(route: string, above: string): boolean {
  return above === "" || route === above || route.startsWith(`${above}/`);
}

/** The routes of a server, and their watchers. */
export class Watchers {
  readonly #clock: () => number;
  readonly #backlogBytes: number;
  readonly #routes = new Map<string, Route>();
  #watches: Watch[] = [];

  /** @param clock in milliseconds, from any start */
  constructor(clock: () => number, backlogBytes: number) {
    this.#clock = clock;
    this.#backlogBytes = backlogBytes;
  }

  /** Whether anybody wants copies. */
  get isWatched(): boolean {
    return this.#watches.length > 0;
  }

  /** A route that is there; undefined if there are too many. */
  #route(name: string): Route | undefined {
    const known = this.#routes.get(name);
    if (known !== undefined) return known;
    if (this.#routes.size >= MAX_ROUTES) return undefined;
    const route: Route = {
      name,
      test: undefined,
      prompt: undefined,
      isAsking: false,
      since: this.#clock(),
      ready: undefined,
      backlog: new Backlog(this.#backlogBytes),
    };
    this.#routes.set(name, route);
    return route;
  }

  /**
   * Makes a route known.
   *
   * @param ready the packets with which its server began; they may be kept
   */
  add(name: string, ready?: Uint8Array): void {
    const route = this.#route(name);
    if (route !== undefined) route.ready = ready;
  }

  /** Sends a client with what each server began; first those with no test. */
  introduce(client: Client): void {
    const isIdle = ({ test }: Route) => Number(test === undefined);
    const routes = this.#routes.values().toArray()
      .sort((a, b) => isIdle(b) - isIdle(a));
    for (const { ready } of routes) {
      if (ready !== undefined) client.send(ready);
    }
  }

  started(name: string, test: string): void {
    const route = this.#route(name);
    if (route === undefined) return;
    route.test = test;
    this.#goOn(route);
  }

  ended(name: string, test: string): void {
    const route = this.#routes.get(name);
    if (route === undefined || route.test !== test) return;
    route.test = undefined;
    this.#goOn(route);
  }

  asks(name: string, ask: Ask): void {
    const route = this.#route(name);
    if (route === undefined) return;
    route.test = ask.test ?? route.test;
    route.prompt = ask.prompt;
    route.isAsking = true;
    route.since = this.#clock();
  }

  /** Its test was given input. */
  answered(name: string): void {
    const route = this.#routes.get(name);
    if (route?.isAsking) this.#goOn(route);
  }

  #goOn(route: Route): void {
    route.isAsking = false;
    route.prompt = undefined;
    route.since = this.#clock();
  }

  output(name: string, bytes: Uint8Array): void {
    this.#route(name)?.backlog.add(bytes);
  }

  /** Forgets routes that are gone. */
  remove(above: string): void {
    for (const name of [...this.#routes.keys()]) {
      if (isBelow(name, above)) this.#routes.delete(name);
    }
  }

  /** Sends a packet of a route to all who watch it. */
  copy(route: string, bytes: Uint8Array): void {
    const clients = this.#watches.filter((one) => isBelow(route, one.route));
    for (const client of new Set(clients.map((one) => one.client))) {
      client.send(bytes);
    }
  }

  /** Takes a message of a client with one of these words. */
  take(client: Client, message: ReadMessage): void {
    const { word, request, routeCode: route = "" } = message;
    if (word === "routes") {
      const body = JSON.stringify(this.states());
      client.send(encodeMessage({ word, body, request }));
    } else if (word === "attach") {
      this.#attach(client, message);
    } else {
      this.#watches = this.#watches.filter((one) =>
        one.client !== client || one.route !== route
      );
    }
  }

  #attach(client: Client, message: ReadMessage): void {
    const { request, options, routeCode: name = "" } = message;
    const refuse = (code: string, text: string) =>
      client.send(encodeControl({
        word: "error",
        body: replyBody("error", { req: request, code, text }),
      }));
    const names = [...this.#routes.keys()].filter((one) => isBelow(one, name));
    if (names.length === 0 && name !== "") {
      return refuse("no-route", `there is no route "${name}"`);
    }
    // Whoever watches everything is no driver of any route.
    const isDriver = !options.includes("read-only") && name !== "";
    const other = this.#driver(name);
    if (isDriver && other !== undefined && other.client !== client) {
      if (!options.includes("steal")) {
        return refuse(
          "busy",
          `process ${other.pid} gives the input of "${name}"`,
        );
      }
      other.isDriver = false;
      other.client.send(encodeMessage({
        word: "detached",
        body: `process ${optionIn(options, "pid") ?? "?"} gives the input now`,
        routeCode: name,
      }));
    }
    const pid = optionIn(options, "pid") ?? "?";
    this.#watches = this.#watches.filter((one) =>
      one.client !== client || one.route !== name
    );
    this.#watches.push({ client, route: name, isDriver, pid });
    const state = this.#routes.get(name);
    client.send(encodeMessage({
      word: "attached",
      body: JSON.stringify(state === undefined ? {} : this.#state(state)),
      request,
      routeCode: message.routeCode,
    }));
    const lines = Number(optionIn(options, "lines") ?? LINES);
    for (const one of names) this.#show(client, this.#routes.get(one)!, lines);
  }

  /** Sends what a client has missed. */
  #show(client: Client, route: Route, lines: number): void {
    const routeCode = route.name;
    const before = route.backlog.lines(lines);
    if (before.length > 0) {
      client.send(encodePacket({
        fileName: "stdout",
        fileBytes: before,
        routeCode,
        runnable: false,
      }));
    }
    if (!route.isAsking) return;
    const { test, prompt } = route;
    const body = replyBody("ask", { test, prompt });
    client.send(encodeControl({ word: "ask", body, routeCode }));
  }

  #driver(route: string): Watch | undefined {
    return this.#watches.find((one) => one.isDriver && one.route === route);
  }

  /** Why a client may not give the test of a route input, if it may not. */
  objection(client: Client, route: string): string | undefined {
    const driver = this.#driver(route);
    return driver === undefined || driver.client === client
      ? undefined
      : `process ${driver.pid} gives the input of "${route}"`;
  }

  /** A client has left. */
  leave(client: Client): void {
    this.#watches = this.#watches.filter((one) => one.client !== client);
  }

  /** What the routes do: first those that ask, the longest one first. */
  states(): RouteState[] {
    return Array.from(this.#routes.values(), (route) => this.#state(route))
      .sort((a, b) =>
        Number(b.state === "asking") - Number(a.state === "asking") ||
        (a.state === "asking" ? b.seconds - a.seconds : 0)
      );
  }

  #state({ name, test, prompt, isAsking, since }: Route): RouteState {
    return {
      route: name,
      state: isAsking ? "asking" : test === undefined ? "idle" : "running",
      test,
      prompt,
      seconds: (this.#clock() - since) / 1000,
      driver: this.#driver(name)?.pid,
    };
  }
}
