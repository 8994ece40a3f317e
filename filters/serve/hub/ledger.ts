/**
 * What was asked of one child and is not answered yet. When the child dies, this
 * decides which tests it has lost and what is asked again.
 *
 * @module
 */

import {
  isFinalStatus,
  now,
  type StatusEvent,
  textFile,
  type Timestamp,
} from "@subunit/codec";
import {
  type ControlMessage,
  encodeControl,
  idsBody,
  idsIn,
} from "@subunit/codec/control";

/** The words of commands that are answered. */
const ANSWERED = ["list", "run", "reload", "ping"] as const;
type Answered = typeof ANSWERED[number];

/** One command to all children, which is answered once. */
export interface Broadcast {
  readonly word: string;
  readonly request: string | undefined;
  readonly body: Uint8Array;
  /** How many children have not answered. */
  waiting: number;
  ran: number;
  unrun: readonly string[];
}

/** A command that waits for its answer. */
export interface Request {
  readonly word: Answered;
  readonly request: string | undefined;
  /** For whom it is, from the child on. */
  readonly routeCode: string | undefined;
  readonly options: readonly string[];
  readonly body: Uint8Array;
  /** The command that it is a part of. */
  readonly broadcast: Broadcast | undefined;
  /** Its packets, as they came. */
  bytes: Uint8Array;
  /** The ids of a run that have no result; undefined if they are not known. */
  left: Set<string> | undefined;
  /** How many tests have a result. */
  ran: number;
  /** Whether a child that died had it before. */
  isAgain: boolean;
  isStopped: boolean;
  /** Whoever has sent it, if it was not the standard input. */
  asker: unknown;
}

/** Whether a command is answered; a server that is not known may answer more. */
export function isAnswered(word: string): word is Answered {
  return (ANSWERED as readonly string[]).includes(word);
}

/**
 * Makes a request of a message for a child.
 *
 * @param bytes its packets, which the request keeps
 * @throws {RangeError} when the ids are not UTF-8
 */
export function requestOf(
  message: ControlMessage & { readonly word: Answered },
  bytes: Uint8Array,
  broadcast?: Broadcast,
): Request {
  const { word, request, routeCode, options = [], body } = message;
  const ids = word === "run" ? idsIn(body) : [];
  const left = ids.length > 0 ? new Set(ids) : undefined;
  return {
    word,
    request,
    routeCode,
    options,
    body: word === "run" ? new Uint8Array(0) : body,
    broadcast,
    bytes,
    left,
    ran: 0,
    isAgain: false,
    isStopped: false,
    asker: undefined,
  };
}

/** What follows when a child is dead. */
export interface Loss {
  /** Failures, with routes from the child on. */
  readonly events: readonly StatusEvent[];
  /** Requests that end with it. */
  readonly answered: readonly Request[];
  /** Requests for its successor. */
  readonly again: readonly Request[];
}

/** The requests to one child, in their order. */
export class Ledger {
  readonly #now: () => Timestamp;
  #requests: Request[] = [];
  /** The test in progress of each route. */
  readonly #inProgress = new Map<string | undefined, string>();
  /** Whether a test has started since the child did. */
  #hasProgress = false;

  /** @param clock the time of the failures */
  constructor(clock: () => Timestamp = now) {
    this.#now = clock;
  }

  get hasProgress(): boolean {
    return this.#hasProgress;
  }

  /** What is not answered. */
  get requests(): readonly Request[] {
    return this.#requests;
  }

  add(request: Request): void {
    this.#requests.push(request);
  }

  /** Takes the status of a test that has no parent. */
  status(
    routeCode: string | undefined,
    id: string,
    status: StatusEvent["status"],
  ): void {
    if (status === undefined || status === "exists") return;
    this.#hasProgress = true;
    if (!isFinalStatus(status)) {
      this.#inProgress.set(routeCode, id);
      return;
    }
    if (this.#inProgress.get(routeCode) === id) {
      this.#inProgress.delete(routeCode);
    }
    this.#count(routeCode, id);
  }

  #count(routeCode: string | undefined, id: string): void {
    const request = this.#requests.find((one) =>
      one.word === "run" && one.routeCode === routeCode &&
      (one.left?.has(id) ?? true)
    );
    if (request === undefined) return;
    request.left?.delete(id);
    request.ran++;
  }

  /** Takes an answer; returns what it answers. */
  answer(
    routeCode: string | undefined,
    request: string | undefined,
    words: readonly Answered[] = ANSWERED,
  ): Request | undefined {
    const index = this.#requests.findIndex((one) =>
      one.routeCode === routeCode && one.request === request &&
      words.includes(one.word)
    );
    return index < 0 ? undefined : this.#requests.splice(index, 1)[0];
  }

  /** Takes an answer that does not name what it answers. */
  answerOldest(
    routeCode: string | undefined,
    word: Answered,
  ): Request | undefined {
    const index = this.#requests.findIndex((one) =>
      one.routeCode === routeCode && one.word === word
    );
    return index < 0 ? undefined : this.#requests.splice(index, 1)[0];
  }

  /**
   * Stops requests that a successor would otherwise get.
   *
   * @param request the id of one, or all of a route
   */
  stop(routeCode: string | undefined, request: string | undefined): void {
    for (const one of this.#requests) {
      if (one.routeCode !== routeCode || one.word !== "run") continue;
      if (request === undefined || one.request === request) {
        one.isStopped = true;
      }
    }
  }

  /**
   * The child is gone. The tests in progress failed. What else it was asked for
   * is for its successor, but if no test has started since the last one died,
   * the first request ends, or this could go on forever.
   *
   * @param reason how the child ended
   * @param hasSuccessor whether there will be another one
   */
  lose(reason: string, hasSuccessor: boolean): Loss {
    const events: StatusEvent[] = [];
    const answered: Request[] = [], again: Request[] = [];
    for (const [routeCode, id] of this.#inProgress) {
      events.push(this.#lost(id, routeCode, reason, ["lost"]));
      this.#count(routeCode, id);
    }
    const begun = new Set<string | undefined>();
    for (const request of this.#requests) {
      const { word, left, routeCode, isStopped } = request;
      const isFirst = !begun.has(routeCode);
      begun.add(routeCode);
      const isAll = word === "run" && left === undefined;
      const isOver = left?.size === 0 || word === "reload" || isStopped;
      const isBegun = isFirst &&
        (!this.#hasProgress || word === "list" || isAll && request.ran > 0);
      if (isOver || !hasSuccessor || isBegun) {
        answered.push(request);
        if (isOver) continue;
        if (isAll || word === "list") {
          const what = `the tests of the ${word} are not all known`;
          const text = `${reason}: ${what}`;
          events.push({
            ...this.#lost(`(${word})`, routeCode, text, ["lost"]),
            runnable: false,
          });
        } else if (hasSuccessor) {
          const tags = ["lost", "unstarted"];
          for (const id of left ?? []) {
            events.push(this.#lost(id, routeCode, reason, tags));
            request.ran++;
          }
          left?.clear();
        }
      } else {
        again.push(renewed(request));
      }
    }
    this.#requests = [];
    this.#inProgress.clear();
    this.#hasProgress = false;
    return { events, answered, again };
  }

  #lost(
    testId: string,
    routeCode: string | undefined,
    reason: string,
    tags: readonly string[],
  ): StatusEvent {
    return {
      testId,
      status: "fail",
      tags,
      runnable: true,
      routeCode,
      timestamp: this.#now(),
      ...textFile("worker", reason),
    };
  }
}

/** The request for a successor: only the ids that are left. */
function renewed(request: Request): Request {
  const { word, left, routeCode, options, request: id } = request;
  if (word !== "run" || left === undefined || request.ran === 0) {
    return { ...request, isAgain: true };
  }
  const body = idsBody([...left]);
  return {
    ...request,
    bytes: encodeControl({ word, body, request: id, options, routeCode }),
    isAgain: true,
  };
}
