/**
 * The multiplexer of a test server: sends each command to the child that it is
 * for, puts the name of a child in front of the routes of its packets, and sees
 * to it that every command is answered once, and every test that was asked for
 * has one result, whatever dies.
 *
 * It is pure: packets, endings, the clock and the processes are handed to it.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  type Damage,
  decodePacket,
  decodeText,
  encodePackets,
  type ForeignBytes,
  itemEvents,
  type Packet,
  PARSER_TEST_ID,
  type Rows,
  type StatusEvent,
  textFile,
  type Timestamp,
} from "@subunit/codec";
import {
  COMMANDS,
  ControlReader,
  encodeControl,
  firstElement,
  isControl,
  isControlRow,
  isReadable,
  isStdin,
  type JsonReply,
  popRoute,
  pushRoute,
  type ReadMessage,
  readReply,
  type ReplyBodies,
  replyBody,
  RouteEditor,
  RouteElement,
} from "@subunit/codec/control";
import {
  type Broadcast,
  isAnswered,
  Ledger,
  type Request,
  requestOf,
} from "./ledger.ts";
import { unreadable } from "./messages.ts";
import { type Client, isAttaching, Watchers } from "./watchers.ts";

/** The engine of a hub, in `ready`. */
const ENGINE = "serve";
/** How long a child is waited for before it is started again. */
const BACK_OFF_SECONDS = [0, 1, 2, 4] as const;

/** What a hub is made with. */
export interface HubOptions {
  /** The names of the children. */
  readonly names: readonly string[];
  /** How often each of them is started again. */
  readonly maxRestarts: number;
  readonly backlogBytes: number;
  readonly pid?: number;
  /** The path at which people can attach to tests. */
  readonly socket?: string;
  /** Starts a child, which ends with {@linkcode Hub.ended}. */
  start(child: number): void;
  /** Writes to the standard input of a child; takes bytes that it may keep. */
  send(child: number, bytes: Uint8Array): void;
  /** Ends the standard input of a child. */
  endInput(child: number): void;
  /** Ends a child at once; {@linkcode Hub.ended} follows. */
  kill(child: number): void;
  /** Writes packets, which are good until this returns. */
  write(bytes: Uint8Array): void;
  /** Calls a function later; returns a function that prevents it. */
  after(seconds: number, work: () => void): () => void;
  /** In milliseconds, from any start. */
  clock(): number;
  now(): Timestamp;
  warn(message: string): void;
}

/** The parts of messages that are not complete. */
class Parts {
  readonly #reader = new ControlReader();
  readonly #bytes = new Map<string, Uint8Array[]>();

  /** Returns the message that a packet completes, with all its packets. */
  add(
    event: StatusEvent,
    bytes: Uint8Array,
  ): { message: ReadMessage; bytes: Uint8Array } | undefined {
    const { routeCode, testId, fileName } = event;
    const key = JSON.stringify([routeCode, testId, fileName]);
    const message = this.#reader.add(event);
    const before = this.#bytes.get(key);
    if (message === undefined) {
      if (before === undefined) this.#bytes.set(key, [bytes]);
      else before.push(bytes);
      return undefined;
    }
    if (before === undefined) return { message, bytes };
    this.#bytes.delete(key);
    return { message, bytes: concat([...before, bytes]) };
  }
}

/** A child, over all its processes. */
class Child {
  readonly element: RouteElement;
  readonly index: number;
  state: "starting" | "up" | "waiting" | "ended" | "dead" = "starting";
  restarts = 0;
  /** How many processes in a row have died before a test started. */
  failures = 0;
  isQuitting = false;
  cancelStart = () => {};
  ledger: Ledger;
  commands = new Parts();
  replies = new Parts();
  /** What it is sent when it can be commanded. */
  held: Request[] = [];

  constructor(name: string, index: number, now: () => Timestamp) {
    this.element = new RouteElement(name);
    this.index = index;
    this.ledger = new Ledger(now);
  }

  get name(): string {
    return this.element.name;
  }

  get isOver(): boolean {
    return this.state === "ended" || this.state === "dead";
  }

  /** The route of one of its packets, from the hub on. */
  routeOf(routeCode: string | undefined): string {
    return routeCode === undefined ? this.name : `${this.name}/${routeCode}`;
  }
}

/** A hub: see {@linkcode HubOptions}. */
export class Hub {
  readonly #options: HubOptions;
  readonly #children: readonly Child[];
  readonly #byName: ReadonlyMap<string, Child>;
  readonly #editor: RouteEditor;
  readonly #own = new Parts();
  readonly #watchers: Watchers;
  readonly #over = Promise.withResolvers<void>();
  #isReady = false;
  #isQuitting = false;

  /** @throws {RangeError} when a name is no element of a route */
  constructor(options: HubOptions) {
    this.#options = options;
    this.#children = options.names.map((name, index) =>
      new Child(name, index, options.now)
    );
    this.#byName = new Map(this.#children.map((child) => [child.name, child]));
    this.#editor = new RouteEditor((bytes) => options.write(bytes));
    this.#watchers = new Watchers(options.clock, options.backlogBytes);
  }

  /** Starts the children. */
  begin(): void {
    for (const child of this.#children) this.#options.start(child.index);
  }

  /** Resolves when no child is left. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Whether a child could not be kept alive. */
  get hasDead(): boolean {
    return this.#children.some(({ state }) => state === "dead");
  }

  // --- From children

  /** Takes packets of a child. */
  takeRows(index: number, rows: Rows): void {
    const child = this.#children[index];
    for (let i = 0; i < rows.count; i++) {
      const status = rows.statusCode(i);
      if (status === 0) {
        if (isControlRow(rows, i)) {
          this.#reply(child, rows.packet(i));
          continue;
        }
        if (rows.fileAt(i) >= 0) this.#output(child, rows, i);
      } else if (status > 1 && rows.parentAt(i) < 0 && rows.idAt(i) >= 0) {
        this.#status(child, rows, i);
      }
      this.#push(child, rows, i);
    }
    this.#editor.flush();
  }

  /** Takes what else a child has written. */
  takeOther(index: number, item: ForeignBytes | Damage): void {
    const child = this.#children[index];
    if (item.kind === "foreign") this.#watchers.output(child.name, item.bytes);
    for (const event of itemEvents(item)) this.#emit(child.name, event);
  }

  #push(child: Child, rows: Rows, i: number): void {
    try {
      this.#editor.push(rows, i, child.element);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#emit(child.name, {
        testId: PARSER_TEST_ID,
        status: "fail",
        runnable: true,
        ...textFile("Parser Error", error.message),
      });
      return;
    }
    if (!this.#watchers.isWatched) return;
    const route = child.routeOf(routeIn(rows, i));
    this.#watchers.copy(route, pushRoute(rows.packet(i), child.element));
  }

  #status(child: Child, rows: Rows, i: number): void {
    const id = decodeText(rows.source, rows.idAt(i), rows.idEnd(i));
    const routeCode = routeIn(rows, i);
    child.ledger.status(routeCode, id, rows.status(i));
    const route = child.routeOf(routeCode);
    if (rows.isFinal(i)) this.#watchers.ended(route, id);
    else this.#watchers.started(route, id);
  }

  #output(child: Child, rows: Rows, i: number): void {
    const { fileName, fileBytes, routeCode } = rows.packet(i);
    if (fileName !== "stdout" && fileName !== "stderr") return;
    this.#watchers.output(child.routeOf(routeCode), fileBytes!);
  }

  /** Takes a reply; it passes on unless it answers what children share. */
  #reply(child: Child, packet: Packet): void {
    const moved = pushRoute(packet, child.element);
    const complete = child.replies.add(packet.toEvent(), moved);
    if (complete === undefined) return;
    const { message, bytes } = complete;
    const { word, routeCode } = message;
    const route = child.routeOf(routeCode);
    if (!isReadable(message)) {
      // Whatever it answers would have no answer.
      this.#emit(route, unreadable(word, this.#options.now()));
      return this.#options.kill(child.index);
    }
    const request = this.#answered(child, message);
    if (word === "done" || word === "pong") {
      if (request === undefined) return;
      const done = readReply("done", message);
      if (request.broadcast !== undefined) {
        this.#part(request.broadcast, done?.ran, done?.unrun);
      } else if (request.isAgain && done !== undefined) {
        this.#done(child, request, done.unrun);
      } else {
        this.#write(route, bytes);
      }
      return;
    }
    this.#write(route, bytes);
    if (request?.broadcast !== undefined) this.#part(request.broadcast);
    const ask = readReply("ask", message);
    if (ask !== undefined) this.#watchers.asks(route, ask);
    if (word === "ready") {
      // Behind a server there are its workers, and no test at itself.
      const engine = readReply("ready", message)?.engine;
      if (engine !== ENGINE) this.#watchers.add(route, bytes);
      if (routeCode === undefined) this.#up(child);
    }
  }

  /** The request that a reply answers. */
  #answered(child: Child, message: ReadMessage): Request | undefined {
    const { word, routeCode } = message;
    switch (word) {
      case "done": {
        const req = readReply("done", message)?.req;
        return child.ledger.answer(routeCode, req, ["run", "list", "reload"]);
      }
      case "pong":
        return child.ledger.answerOldest(routeCode, "ping");
      case "error": {
        const req = readReply("error", message)?.req;
        return req === undefined
          ? undefined
          : child.ledger.answer(routeCode, req);
      }
    }
    return undefined;
  }

  #up(child: Child): void {
    if (child.state !== "starting") return;
    child.state = "up";
    for (const request of child.held.splice(0)) this.#give(child, request);
    if (child.isQuitting || this.#isQuitting) {
      this.#options.endInput(child.index);
    }
    this.#settle();
  }

  /**
   * A process of a child has ended, and all that it wrote was taken.
   *
   * @param reason how it ended
   * @param isGood whether it ended as one does that is no longer needed
   */
  ended(index: number, reason: string, isGood: boolean): void {
    const child = this.#children[index];
    const { maxRestarts, after } = this.#options;
    const isQuitting = this.#isQuitting || child.isQuitting;
    // One that has never come up does not count as having been told to end.
    const isWanted = isQuitting && (isGood || child.state === "up");
    const hasSuccessor = !isQuitting && child.restarts < maxRestarts;
    child.failures = child.ledger.hasProgress ? 0 : child.failures + 1;
    const cause = `the worker ended: ${reason}`;
    const { events, answered, again } = child.ledger.lose(cause, hasSuccessor);
    for (const event of events) {
      this.#emit(child.routeOf(event.routeCode), event);
    }
    for (const request of answered) this.#conclude(child, request);
    child.replies = new Parts();
    this.#watchers.remove(child.name);
    child.held = [...again, ...child.held];
    if (hasSuccessor) {
      child.restarts++;
      child.state = "waiting";
      const last = BACK_OFF_SECONDS.length - 1;
      const turn = Math.min(Math.max(child.failures - 1, 0), last);
      child.cancelStart = after(BACK_OFF_SECONDS[turn], () => {
        child.state = "starting";
        this.#options.start(index);
      });
    } else {
      child.state = isWanted ? "ended" : "dead";
      if (!isWanted) this.#reportDead(child, reason);
      this.#drop(child);
    }
    this.#settle();
  }

  #reportDead(child: Child, reason: string): void {
    this.#options.warn(
      `Worker "${child.name}" ended ${child.restarts + 1} times: ${reason}`,
    );
    this.#emit(child.name, {
      testId: `${child.name}: exit status`,
      status: "fail",
      runnable: false,
      timestamp: this.#options.now(),
      ...textFile("reason", `the worker ended too often: ${reason}`),
    });
  }

  /** Answers what no process of a child will get. */
  #drop(child: Child): void {
    for (const request of child.held.splice(0)) {
      const { broadcast, left, routeCode, request: req } = request;
      if (broadcast !== undefined || left !== undefined) {
        this.#conclude(child, request);
      } else {
        this.#noRoute(child.routeOf(routeCode), req);
      }
    }
  }

  /** What commands the hub takes, and where people can attach. */
  get #ready(): ReplyBodies["ready"] {
    const { pid, socket } = this.#options;
    const can = [...COMMANDS, "stdin"];
    return { protocol: 1, engine: ENGINE, can, pid, socket };
  }

  /** Reports what the children have come to together. */
  #settle(): void {
    const isSettled = (child: Child) => child.state === "up" || child.isOver;
    const isUp = this.#children.some(({ state }) => state === "up");
    if (!this.#isReady && isUp && this.#children.every(isSettled)) {
      this.#isReady = true;
      this.#answer("ready", this.#ready);
    }
    if (this.#children.every((child) => child.isOver)) this.#over.resolve();
  }

  // --- To children

  /** Takes packets of the commands' stream. */
  command(rows: Rows, client?: Client): void {
    for (let i = 0; i < rows.count; i++) this.#command(rows.packet(i), client);
  }

  #command(packet: Packet, client: Client | undefined): void {
    const isMessage = isControl(packet);
    const isOwn = packet.routeAt < 0 ||
      client !== undefined && isMessage && isAttaching(packet.fileName!);
    if (!isOwn) {
      this.#forward(packet, client);
    } else if (isMessage) {
      const bytes = packet.bytes.slice();
      const complete = this.#own.add(packet.toEvent(), bytes);
      if (complete !== undefined) {
        this.#obey(complete.message, complete.bytes, client);
      }
    } else if (isStdin(packet)) {
      this.#refuse("no-reader", "no test runs here", undefined, client);
    }
  }

  /** Sends a packet to the child that is first on its route. */
  #forward(packet: Packet, client: Client | undefined): void {
    const child = this.#byName.get(firstElement(packet)!);
    if (child === undefined || child.isOver) {
      return this.#noRoute(packet.routeCode!, packet.testId, client);
    }
    const bytes = popRoute(packet)!;
    const event = decodePacket(bytes).toEvent();
    if (isControl(event)) {
      const complete = child.commands.add(event, bytes);
      if (complete === undefined) return;
      return this.#pass(child, complete.message, complete.bytes, client);
    }
    if (isStdin(event)) {
      const route = child.routeOf(event.routeCode);
      const objection = client && this.#watchers.objection(client, route);
      if (objection !== undefined) {
        return this.#refuse("busy", objection, undefined, client);
      }
      if (child.state !== "up") {
        return this.#refuse("no-reader", `"${route}" has no test`);
      }
      this.#watchers.answered(route);
    }
    if (child.state === "up") this.#options.send(child.index, bytes);
  }

  /** Sends a message to a child, at once or when it is up. */
  #pass(
    child: Child,
    message: ReadMessage,
    bytes: Uint8Array,
    client: Client | undefined,
  ): void {
    const { word, routeCode, request, isTooLong, body } = message;
    if (isTooLong) {
      return this.#refuse("bad-body", "the body is too long", request);
    }
    if (isAnswered(word)) {
      try {
        const request = requestOf({ ...message, word }, bytes);
        request.asker = client;
        this.#give(child, request);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#refuse("bad-body", error.message, request);
      }
      return;
    }
    if (word === "stop") {
      const text = new TextDecoder().decode(body).trim();
      this.#stop(child, routeCode, text === "" ? undefined : text);
    } else if (word === "quit" && routeCode === undefined) {
      child.isQuitting = true;
      this.#quit(child, bytes);
      return;
    } else if (child.state !== "up") {
      const route = child.routeOf(routeCode);
      return this.#refuse("no-reader", `"${route}" has no test`, request);
    } else if (word === "signal") {
      const route = child.routeOf(routeCode);
      const objection = client && this.#watchers.objection(client, route);
      if (objection !== undefined) {
        return this.#refuse("busy", objection, request, client);
      }
    }
    if (child.state === "up") this.#options.send(child.index, bytes);
  }

  /** Gives a child a request, now or when it is up. */
  #give(child: Child, request: Request): void {
    if (child.state !== "up") {
      child.held.push(request);
      return;
    }
    child.ledger.add(request);
    this.#options.send(child.index, request.bytes);
  }

  #stop(
    child: Child,
    routeCode: string | undefined,
    id: string | undefined,
  ): void {
    child.ledger.stop(routeCode, id);
    const isStopped = (one: Request) =>
      one.word === "run" && one.routeCode === routeCode &&
      (id === undefined || one.request === id);
    const stopped = child.held.filter(isStopped);
    child.held = child.held.filter((one) => !isStopped(one));
    for (const request of stopped) this.#conclude(child, request);
  }

  /** Ends a child once its test in progress has ended. */
  #quit(child: Child, bytes: Uint8Array | undefined): void {
    if (child.state === "waiting") {
      child.cancelStart();
      child.state = "ended";
      this.#drop(child);
      this.#settle();
    } else if (bytes === undefined) {
      this.#options.endInput(child.index);
    } else if (child.state === "up") {
      this.#options.send(child.index, bytes);
    }
  }

  /** No further command comes. */
  endInput(): void {
    this.#isQuitting = true;
    for (const child of this.#children) this.#quit(child, undefined);
  }

  // --- To itself

  /** Obeys a message without a route, or one of a client. */
  #obey(
    message: ReadMessage,
    bytes: Uint8Array,
    client: Client | undefined,
  ): void {
    const { word, request, isTooLong } = message;
    if (isTooLong) {
      return this.#refuse("bad-body", "the body is too long", request, client);
    }
    if (client !== undefined && isAttaching(word)) {
      this.#watchers.take(client, message);
      if (word === "attach" && message.options.includes("ready")) {
        this.#introduce(client);
      }
      return;
    }
    if (word === "quit") {
      this.#isQuitting = true;
      for (const child of this.#children) this.#quit(child, bytes);
    } else if (word === "list" || word === "reload" || word === "ping") {
      this.#broadcast({ ...message, word }, bytes);
    } else {
      const isOurs = ["run", "stop", "signal"].includes(word);
      this.#refuse(
        isOurs ? "no-route" : "unknown-command",
        isOurs ? `"${word}" needs a route` : `no command "${word}"`,
        request,
        client,
      );
    }
  }

  /** Sends a client what was sent before it came: who can be commanded. */
  #introduce(client: Client): void {
    this.#watchers.introduce(client);
    if (!this.#isReady) return;
    const body = replyBody("ready", this.#ready);
    client.send(encodeControl({ word: "ready", body }));
  }

  #broadcast(
    message: ReadMessage & { readonly word: "list" | "reload" | "ping" },
    bytes: Uint8Array,
  ): void {
    const { word, request, body } = message;
    const children = this.#children.filter((child) => !child.isOver);
    if (children.length === 0) {
      return this.#refuse("no-route", "no worker is left", request);
    }
    const waiting = children.length;
    const all: Broadcast = { word, request, body, waiting, ran: 0, unrun: [] };
    for (const child of children) {
      this.#give(child, requestOf(message, bytes, all));
    }
  }

  /** One child has answered. */
  #part(all: Broadcast, ran = 0, unrun: readonly string[] = []): void {
    all.waiting--;
    all.ran += ran;
    all.unrun = [...all.unrun, ...unrun];
    if (all.waiting > 0) return;
    const { word, request, body } = all;
    if (word === "ping") this.#send(encodeControl({ word: "pong", body }));
    else {
      const { ran, unrun } = all;
      this.#answer("done", { req: request, ran, unrun });
    }
  }

  /** Takes packets of a client. */
  takeClient(client: Client, rows: Rows): void {
    this.command(rows, client);
  }

  /** A client has left: what it asked for is of no use to anybody else. */
  leave(client: Client): void {
    this.#watchers.leave(client);
    for (const child of this.#children) {
      for (const one of [...child.held, ...child.ledger.requests]) {
        const { word, request, routeCode, asker } = one;
        if (asker !== client || word !== "run") continue;
        if (request === undefined) continue;
        this.#stop(child, routeCode, request);
        if (child.state !== "up") continue;
        const stop = { word: "stop", body: request, routeCode } as const;
        this.#options.send(child.index, encodeControl(stop));
      }
    }
  }

  // --- Upwards

  /** Ends a request that no process will answer. */
  #conclude(child: Child, request: Request): void {
    const { broadcast, left, word } = request;
    if (broadcast !== undefined) {
      this.#part(broadcast);
    } else if (word === "ping") {
      this.#noRoute(child.routeOf(request.routeCode), request.request);
    } else {
      this.#done(child, request, [...left ?? []]);
    }
  }

  #done(child: Child, request: Request, unrun: readonly string[]): void {
    const { request: req, ran, routeCode } = request;
    this.#answer("done", { req, ran, unrun }, child.routeOf(routeCode));
  }

  #noRoute(route: string, request: string | undefined, client?: Client): void {
    this.#refuse("no-route", `no worker is at "${route}"`, request, client);
  }

  #refuse(
    code: string,
    text: string,
    req?: string,
    client?: Client,
  ): void {
    const body = replyBody("error", { req, code, text });
    const bytes = encodeControl({ word: "error", body });
    if (client === undefined) this.#send(bytes);
    else client.send(bytes);
  }

  #answer<Word extends JsonReply>(
    word: Word,
    reply: ReplyBodies[Word],
    routeCode?: string,
  ): void {
    const body = replyBody(word, reply);
    this.#send(encodeControl({ word, body, routeCode }), routeCode);
  }

  /** Writes an event of a route. */
  #emit(routeCode: string, event: StatusEvent): void {
    const packets = encodePackets({ ...event, routeCode });
    for (const packet of packets) this.#send(packet, routeCode);
  }

  /** Writes packets of ours, behind those that came before. */
  #send(bytes: Uint8Array, route = ""): void {
    this.#write(route, bytes);
  }

  #write(route: string, bytes: Uint8Array): void {
    this.#editor.flush();
    this.#options.write(bytes);
    if (this.#watchers.isWatched) this.#watchers.copy(route, bytes);
  }
}

function routeIn(rows: Rows, i: number): string | undefined {
  const at = rows.routeAt(i);
  return at < 0 ? undefined : decodeText(rows.source, at, rows.routeEnd(i));
}
