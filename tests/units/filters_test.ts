import { importTestsIn } from "../support/units.ts";

await importTestsIn("filters");
