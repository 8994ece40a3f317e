/**
 * What a product asks for, from one guideline or several.
 *
 * @module
 */

import {
  type Capability,
  type Component,
  type Guideline,
  type GuidelineTest,
  quoted,
  type Status,
  STATUSES,
} from "./guideline.ts";

/** A capability, and how much the product asks for it. */
export interface Requirement {
  readonly name: string;
  readonly status: Status;
  readonly tests: readonly GuidelineTest[];
}

/** A product with its capabilities, the most binding first. */
export interface Requirements {
  readonly product: string;
  readonly requirements: readonly Requirement[];
  /** What the guidelines do not define, and what follows from that. */
  readonly gaps: readonly Gap[];
}

/** Something that a product names and no guideline defines. */
export interface Gap {
  readonly what: string;
  /** Whether the product cannot be judged without it. */
  readonly isRequired: boolean;
}

/**
 * Finds the capabilities of components, first in the guideline that names them,
 * then in the other ones. A capability that several components ask for has the
 * most binding status.
 *
 * @param product how the choice of components is called
 */
export function requirementsOf(
  product: string,
  components: Iterable<{ readonly name: string; readonly source?: string }>,
  guidelines: readonly Guideline[],
): Requirements {
  const found = new Map<Capability, Requirement>();
  const names = new Set<string>();
  const undefinedNames = new Map<string, Status>();
  const gaps: Gap[] = [];
  for (const { name, source } of components) {
    const guideline = guidelines.find(({ components }) => components.has(name));
    if (guideline === undefined) {
      const from = source === undefined ? "" : `, which is in ${source}`;
      gaps.push({
        what: `component ${quoted(name)} is not defined${from}`,
        isRequired: true,
      });
      continue;
    }
    for (const [capabilityName, status] of guideline.components.get(name)!) {
      const capability = definition(capabilityName, guideline, guidelines);
      if (capability === undefined) {
        const before = undefinedNames.get(capabilityName);
        undefinedNames.set(capabilityName, moreBinding(status, before));
        continue;
      }
      const before = found.get(capability);
      if (before === undefined) {
        // Several guidelines may have one of this name, or the same id.
        let name = capabilityName;
        while (names.has(name)) name += ` (${guideline.id})`;
        names.add(name);
        found.set(capability, { name, status, tests: capability.tests });
      } else {
        const binding = moreBinding(status, before.status);
        found.set(capability, { ...before, status: binding });
      }
    }
  }
  for (const [name, status] of undefinedNames) {
    gaps.push({
      what: `${status} capability ${quoted(name)} is not defined`,
      isRequired: status === "required",
    });
  }
  const requirements = [...found.values()].sort((a, b) =>
    STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status)
  );
  return { product, requirements, gaps };
}

function definition(
  name: string,
  first: Guideline,
  others: readonly Guideline[],
): Capability | undefined {
  return first.capabilities.get(name) ??
    others.find(({ capabilities }) => capabilities.has(name))
      ?.capabilities.get(name);
}

function moreBinding(status: Status, before: Status | undefined): Status {
  return before === undefined ||
      STATUSES.indexOf(status) < STATUSES.indexOf(before)
    ? status
    : before;
}

/** Capabilities that components name and no guideline defines. */
export function undefinedIn(
  { components, capabilities }: Guideline,
): [component: string, capability: string, status: Status][] {
  return Array.from(components).flatMap((
    [component, names]: [string, Component],
  ) =>
    Array.from(names)
      .filter(([name]) => !capabilities.has(name))
      .map(([name, status]): [string, string, Status] => [
        component,
        name,
        status,
      ])
  );
}
