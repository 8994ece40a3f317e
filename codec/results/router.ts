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

/**
 * Routes events by the first step of their route code, otherwise by their test
 * id, otherwise to the fallback. Rules may be added at any time, even by the
 * fallback.
 *
 * @example
 * ```ts
 * import { Router } from "@subunit/codec";
 *
 * const router = new Router((event) => console.log("elsewhere", event.testId));
 * router.onRoute("0", (event) => console.log(event.routeCode), { consume: true });
 * router.status({ testId: "foo", routeCode: "0/1", runnable: true }); // 1
 * ```
 */
export class Router {
  readonly #routes = new Map<string, Route>();
  readonly #tests = new Map<string | undefined, EventSink>();
  readonly #fallback: EventSink | undefined;

  /**
   * @param fallback receives events that no rule matches; without it they are
   * an error
   */
  constructor(fallback?: EventSink) {
    this.#fallback = fallback;
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
    { consume = false }: { consume?: boolean } = {},
  ): void {
    if (step.includes("/")) {
      throw new RangeError(`Cannot route "${step}": it is more than one step`);
    }
    this.#routes.set(step, { sink, consume });
  }

  /**
   * Routes events of test `testId`, or without a test (undefined), to `sink`.
   */
  onTest(testId: string | undefined, sink: EventSink): void {
    this.#tests.set(testId, sink);
  }

  /**
   * Routes an event: the router's own {@linkcode EventSink}.
   *
   * @throws {RangeError} when no rule matches and there is no fallback
   */
  readonly status: EventSink = (event) => {
    const [step, ...rest] = event.routeCode?.split("/") ?? [];
    const route = event.routeCode === undefined
      ? undefined
      : this.#routes.get(step);
    if (route !== undefined) {
      route.sink(route.consume ? this.#consumed(event, rest) : event);
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
    sink(event);
  };

  #consumed(event: StatusEvent, rest: string[]): StatusEvent {
    return change(event, { routeCode: rest.join("/") || undefined });
  }
}
