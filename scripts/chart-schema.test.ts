import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { chartConfigSchema } from "./chart-schema.ts";
import { updatesDocs } from "./reference-page.ts";

const FILE = "deploy/chart/values.schema.json";

test("the chart's schema has the service's configuration; UPDATE_DOCS=1 writes it", () => {
  const schema = JSON.parse(readFileSync(FILE, "utf8")) as { readonly $defs: { readonly config: unknown } };
  const config = chartConfigSchema();
  if (updatesDocs)
    writeFileSync(FILE, `${JSON.stringify({ ...schema, $defs: { ...schema.$defs, config } }, null, 2)}\n`);
  else assert.deepEqual(schema.$defs.config, config);
});
