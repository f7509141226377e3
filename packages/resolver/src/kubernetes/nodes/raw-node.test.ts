import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rawNode } from "./raw-node.ts";

interface Image {
  readonly names: readonly string[] | null;
  readonly sizeBytes: number;
}

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('"images":[', '\\"images\\":[', '"metadata":{"name":"x"', "}]", "\\"),
);
const image: fc.Arbitrary<Image> = fc.record({
  names: fc.option(fc.array(text, { maxLength: 3 })),
  sizeBytes: fc.nat(),
});
const images = fc.array(image, { minLength: 1, maxLength: 4 });
const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/);

/** A watch event as the API server writes it: fields in the order of their Go types. */
function line(node: string, annotations: object, message: string, listed: readonly Image[] | undefined): Buffer {
  const managedFields = [{ manager: "kubelet", fieldsV1: { "f:status": { "f:images": {} } } }];
  const metadata = { name: node, uid: "u", resourceVersion: "7", annotations, managedFields };
  const status = { conditions: [{ type: "Ready", message }], nodeInfo: {}, ...(listed && { images: listed }) };
  return Buffer.from(
    JSON.stringify({ type: "MODIFIED", object: { kind: "Node", apiVersion: "v1", metadata, spec: {}, status } }),
  );
}

test("the fingerprint is that of the images, whatever else a node says", () => {
  const annotations = fc.dictionary(
    fc.string().map((key) => `a/${key}`),
    text,
    { maxKeys: 3 },
  );
  fc.assert(
    fc.property(
      name,
      annotations,
      annotations,
      text,
      text,
      images,
      images,
      (node, a, b, message, other, first, second) => {
        const before = rawNode(line(node, a, message, first));
        const heartbeat = rawNode(line(node, b, other, first));
        const changed = rawNode(line(node, a, message, second));
        assert.equal(before?.name, node);
        assert.deepEqual(heartbeat, before);
        assert.equal(changed?.fingerprint === before.fingerprint, JSON.stringify(first) === JSON.stringify(second));
      },
    ),
  );
});

test("what has no images, or is no node, is left to the parser", () => {
  for (const unsure of [
    line("n", {}, '"images":[', undefined),
    Buffer.from("{}"),
    Buffer.from('"metadata":{"name":"cut'),
    Buffer.alloc(0),
  ]) {
    assert.equal(rawNode(unsure), undefined);
  }
});
