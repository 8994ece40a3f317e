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
 * Routes events by the first step of their route code, else by their test id,
 * else to the fallback. Rules may be added at any time, from the fallback too.
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

  /** @param fallback takes what no rule matches; without it that is an error */
  constructor(fallback?: EventSink) {
    this.#fallback = fallback;
  }

  /**
   * Events whose route code is `step` or begins with `step` and "/" go to
   * `sink`; with `consume` they arrive without that step.
   *
   * @throws {RangeError} when `step` has a "/" in it
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

  /** Events of test `testId`, or of no test (undefined), go to `sink`. */
  onTest(testId: string | undefined, sink: EventSink): void {
    this.#tests.set(testId, sink);
  }

  /**
   * Passes an event on: the router's own {@linkcode EventSink}.
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
