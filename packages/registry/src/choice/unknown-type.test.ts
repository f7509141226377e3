import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutorRegistryError, UnknownTypeError } from "@executor-registry/resolver";
import type { SourceHealth } from "../sources/image-source.ts";
import { openScanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import { unknownType } from "./unknown-type.ts";

test("an unknown type's answer says in whole sentences what could not be read", async () => {
  await using scanning = await openScanning({ sources: [] });
  const problem = new ExecutorRegistryError("unreachable", "no answer from r.test");
  const failing = (name: string, unread: number): SourceHealth => ({
    name,
    kind: "oci",
    state: "failing",
    problem,
    unread,
  });
  const error = unknownType("ml", scanning.choices, {
    health: () => [failing("hub", 2), failing("mirror", 1)],
    typesOf: () => [],
  });
  assert.ok(error instanceof UnknownTypeError);
  assert.deepEqual(error.incomplete, [
    "source hub could not be read completely: no answer from r.test",
    "2 tags of source hub could not be read",
    "source mirror could not be read completely: no answer from r.test",
    "1 tag of source mirror could not be read",
  ]);
});

test("red-05: that the images of a type are not admitted is definite, whatever else could not be read", async () => {
  const source = scriptedSource(async (_request, found) => {
    await found(listing("other/executor-ml", listedImage("a", "1.0.0")));
    return { complete: true };
  });
  await using scanning = await openScanning({ sources: [source], approved: ["registry.test/team/*"] });
  await scanning.scan();
  for (const state of ["failing", "starting"] as const) {
    const health = (): readonly SourceHealth[] => [{ name: "hub", kind: "oci", state, unread: 2 }];
    const evidence = { health, typesOf: () => [] };
    const error = unknownType("ml", scanning.choices, evidence);
    assert.ok(error instanceof UnknownTypeError);
    assert.match(error.message, /an image of it was found but is not admitted/);
    assert.deepEqual(error.incomplete, []);
    const never = unknownType("nlp", scanning.choices, evidence);
    assert.equal(never.code, state === "starting" ? "not-ready" : "unknown-type");
  }
});
