import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutorRegistryError, UnknownTypeError } from "@executor-registry/resolver";
import type { SourceHealth } from "../sources/source-health.ts";
import { openScanning } from "../testing/scanning.ts";
import { unknownType } from "./unknown-type.ts";

test("an unknown type's answer says in whole sentences what could not be read", async () => {
  await using scanning = await openScanning({ sources: [] });
  const problem = new ExecutorRegistryError("unreachable", "no answer from r.test");
  const failing = (name: string): SourceHealth => ({ name, kind: "oci", state: "failing", problem, unread: 2 });
  const error = unknownType("ml", {
    catalogue: scanning.catalogue,
    health: () => [failing("hub"), failing("mirror")],
  });
  assert.ok(error instanceof UnknownTypeError);
  assert.deepEqual(error.incomplete, [
    "source hub could not be read completely: no answer from r.test",
    "2 tags of source hub could not be read",
    "source mirror could not be read completely: no answer from r.test",
    "2 tags of source mirror could not be read",
  ]);
});
