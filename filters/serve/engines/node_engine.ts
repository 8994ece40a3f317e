/**
 * The engine for Node's tests.
 *
 * @module
 */

import { change, type EventInput, type StatusEvent } from "@subunit/codec";
import { currentFolder } from "../../kit/io/paths.ts";
import { runtimeProgram } from "../../kit/io/process_group.ts";
import { type NodeEvent, NodeEvents } from "./node_events.ts";
import { NODE_REPORTER, nodeGeneration } from "./node_generation.ts";
import { packetWriter } from "./packet_writer.ts";
import {
  type EventMapping,
  INSPECT,
  type ProcessEngineOptions,
} from "./process_engine.ts";
import { unitFiles } from "./unit_files.ts";

/**
 * How generations of Node are started.
 *
 * @param paths files and folders with tests
 * @param flags those of `node`
 * @param debuggerWords the command of the debugger for tests that are debugged
 */
export function nodeEngine(
  paths: readonly string[],
  flags: readonly string[],
  debuggerWords?: readonly string[],
): Pick<
  ProcessEngineOptions,
  "name" | "command" | "debugging" | "settings" | "mapping"
> {
  const script =
    `await (${nodeGeneration})(${packetWriter}, ${unitFiles}, process);`;
  const command = (...more: string[]) => [
    runtimeProgram("node"),
    ...more,
    ...flags,
    `--test-reporter=data:text/javascript,${encodeURIComponent(NODE_REPORTER)}`,
    "--input-type=module",
    "--eval",
    script,
  ];
  return {
    name: "node",
    command: command(),
    debugging: debuggerWords &&
      { command: command(INSPECT), debugger: debuggerWords },
    settings: { paths: paths.length > 0 ? paths : ["."] },
    mapping: () => new NodeMapping(),
  };
}

/** Converts what `node:test` reports in one generation. */
class NodeMapping implements EventMapping {
  #events: StatusEvent[] = [];
  readonly #mapping = new NodeEvents({
    cwd: currentFolder(),
    // A list spells it so, also where it is outside of that folder.
    pathOf: (file) => file,
    now: () => performance.timeOrigin + performance.now(),
    write: (event: EventInput) =>
      this.#events.push(
        change({ runnable: true, ...event } as StatusEvent, {}),
      ),
  });

  add(event: unknown): StatusEvent[] {
    const { type } = event as NodeEvent;
    if (type === "pause") this.#mapping.pause();
    else this.#mapping.add(event as NodeEvent);
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
