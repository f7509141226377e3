import { readFileSync } from "node:fs";
import { test } from "node:test";
import { referencePage } from "./reference-page.ts";
import { chartReference } from "./chart-reference.ts";

test("the chart's README has every value; UPDATE_DOCS=1 writes them", () => {
  referencePage("deploy/chart/README.md", "values", chartReference(readFileSync("deploy/chart/values.yaml", "utf8")));
});
