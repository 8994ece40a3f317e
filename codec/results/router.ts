/**
 * Sends events to one of many sinks (testtools' StreamResultRouter).
 *
 * @module
 */

import { change, type StatusEvent } from "../event.ts";
import type { EventSink } from "./sinks.ts";

interface Route {
  readonly sink: EventSink;
  readonly consume: boolean;
}

/** How a {@linkcode Router} treats one of its sinks. */
export interface RouteOptions {
  /**
   * Whether the sink is started and stopped with the router, once each; true
   * unless given. False is for sinks whose run is another's.
   */
  readonly startStop?: boolean;
}

/**
 * Routes events by the first step of their route code, otherwise by their test
 * id, otherwise to the fallback. Rules may be added at any time, even by the
 * fallback; a sink that is added during a run is started at once.
 *
 * @example
 * ```ts
 * import { Router } from "@subunit/codec/results";
 *
 * const router = new Router({
 *   status: ({ testId }) => console.log("elsewhere", testId),
 * });
 * router.onRoute(
 *   "0",
 *   { status: ({ routeCode }) => console.log(routeCode) },
 *   { consume: true },
 * );
 * router.status({ testId: "foo", routeCode: "0/1", runnable: true }); // 1
 * router.status({ testId: "bar", runnable: true }); // elsewhere bar
 * ```
 */
export class Router implements EventSink {
  readonly #routes = new Map<string, Route>();
  readonly #tests = new Map<string | undefined, EventSink>();
  readonly #fallback: EventSink | undefined;
  /** What is started and stopped with the router. */
  readonly #managed = new Set<EventSink>();
  #isRunning = false;

  /**
   * @param fallback receives events that no rule matches; without it they are
   * an error
   */
  constructor(fallback?: EventSink, options: RouteOptions = {}) {
    this.#fallback = fallback;
    if (fallback !== undefined) this.#manage(fallback, options);
  }

  /**
   * Routes events whose route code is `step`, or begins with `step` and "/", to
   * `sink`; with `consume` they arrive without that step.
   *
   * @throws {RangeError} when `step` contains a "/"
   */
  onRoute(
    step: string,
    sink: EventSink,
    { consume = false, ...options }: RouteOptions & { consume?: boolean } = {},
  ): void {
    if (step.includes("/")) {
      throw new RangeError(`Cannot route "${step}": it is more than one step`);
    }
    this.#routes.set(step, { sink, consume });
    this.#manage(sink, options);
  }

  /**
   * Routes events of test `testId`, or without a test (undefined), to `sink`.
   */
  onTest(
    testId: string | undefined,
    sink: EventSink,
    options: RouteOptions = {},
  ): void {
    this.#tests.set(testId, sink);
    this.#manage(sink, options);
  }

  #manage(sink: EventSink, { startStop = true }: RouteOptions): void {
    if (!startStop || this.#managed.has(sink)) return;
    this.#managed.add(sink);
    if (this.#isRunning) sink.start?.();
  }

  /** Starts its sinks. */
  start(): void {
    this.#isRunning = true;
    for (const sink of this.#managed) sink.start?.();
  }

  /** Stops its sinks. */
  stop(): void {
    this.#isRunning = false;
    for (const sink of this.#managed) sink.stop?.();
  }

  /**
   * Routes an event.
   *
   * @throws {RangeError} when no rule matches and there is no fallback
   */
  status(event: StatusEvent): void {
    const [step, ...rest] = event.routeCode?.split("/") ?? [];
    const route = event.routeCode === undefined
      ? undefined
      : this.#routes.get(step);
    if (route !== undefined) {
      route.sink.status(route.consume ? consumed(event, rest) : event);
      return;
    }
    const sink = this.#tests.get(event.testId) ?? this.#fallback;
    if (sink === undefined) {
      throw new RangeError(
        `Cannot route event of test ${JSON.stringify(event.testId)} and route ${
          JSON.stringify(event.routeCode)
        }: no rule matches`,
      );
    }
    sink.status(event);
  }
}

function consumed(event: StatusEvent, rest: string[]): StatusEvent {
  return change(event, { routeCode: rest.join("/") || undefined });
}
