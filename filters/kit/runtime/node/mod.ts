/**
 * Makes Node a runtime for the tools. The build puts this in front of each
 * executable of the npm package; under Deno it is passed over.
 *
 * @module
 */

import "./ecmascript.ts";
import { runtime } from "./runtime.ts";

Object.assign(globalThis, { Deno: runtime });
