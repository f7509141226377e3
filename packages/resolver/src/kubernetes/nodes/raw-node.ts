import { hash } from "node:crypto";

// A heartbeat changes a node's conditions, not its images; this looks at the line of a watch event without parsing it.
// It is safe because inside a JSON string every quote is escaped, so `"images":[` in a line is a key and the start of its
// array. In a Node only `status` has it (field managers write `"f:images"`). The API server writes fields in the order of
// its types: `metadata` begins with `name`, conditions come before the images, and behind them only what rarely changes.
// https://github.com/kubernetes/api/blob/master/core/v1/types.go (ObjectMeta, NodeStatus)

const NAME = Buffer.from('"metadata":{"name":"');
const IMAGES = Buffer.from('"images":[');
const QUOTE = 0x22;

/** What a watch line says of a node's images. */
export interface RawNode {
  readonly name: string;
  /** Equal only for equal images. */
  readonly fingerprint: string;
}

/** Reads a node from a raw watch line, or `undefined` where it has no images or cannot be sure. */
export function rawNode(line: Buffer): RawNode | undefined {
  const name = line.indexOf(NAME) + NAME.length;
  if (name < NAME.length) return undefined;
  const nameEnd = line.indexOf(QUOTE, name);
  const images = nameEnd < 0 ? -1 : line.indexOf(IMAGES, nameEnd);
  if (images < 0) return undefined;
  return { name: line.toString("latin1", name, nameEnd), fingerprint: hash("sha256", line.subarray(images), "base64") };
}
