import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { json } from "@sigstore/core";
import { startLoopbackServer } from "./loopback-server.ts";

/** A TUF repository with one target, `trusted_root.json`. */
export interface TufRepository extends AsyncDisposable {
  /** Its mirror. */
  readonly url: string;
  /** The first `root.json`, by which it is trusted. */
  readonly root: string;
  /** Whether it answers. @default true */
  available: boolean;
  /** Puts another `trusted_root.json` there. @param expires when the metadata does. @default in a day */
  publish(target: string, expires?: Date): void;
}

/** @see https://theupdateframework.github.io/specification/latest/ */
export async function startTufRepository(target: string): Promise<TufRepository> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const key = { keytype: "ed25519", scheme: "ed25519", keyval: { public: raw.toString("hex") } };
  const id = hash(json.canonicalize(key));
  const signed = (content: object): string =>
    JSON.stringify({
      signed: content,
      signatures: [{ keyid: id, sig: sign(null, Buffer.from(json.canonicalize(content)), privateKey).toString("hex") }],
    });
  const role = { keyids: [id], threshold: 1 };
  const metadata = (type: string, version: number, expires: Date, more: object): string =>
    signed({
      _type: type,
      spec_version: "1.0.31",
      version,
      expires: expires.toISOString().replace(/\.\d+Z$/, "Z"),
      ...more,
    });
  const tomorrow = (): Date => new Date(Date.now() + 86_400_000);
  const root = metadata("root", 1, new Date(Date.now() + 365 * 86_400_000), {
    consistent_snapshot: true,
    keys: { [id]: key },
    roles: { root: role, timestamp: role, snapshot: role, targets: role },
  });

  const files = new Map<string, string>([["/1.root.json", root]]);
  let version = 0;
  const publish = (text: string, expires = tomorrow()): void => {
    version += 1;
    const digest = hash(text);
    const targets = { "trusted_root.json": { length: Buffer.byteLength(text), hashes: { sha256: digest } } };
    files.set(`/targets/${digest}.trusted_root.json`, text);
    files.set(`/${version}.targets.json`, metadata("targets", version, expires, { targets }));
    files.set(
      `/${version}.snapshot.json`,
      metadata("snapshot", version, expires, { meta: { "targets.json": { version } } }),
    );
    files.set("/timestamp.json", metadata("timestamp", version, expires, { meta: { "snapshot.json": { version } } }));
  };
  publish(target);

  const server = await startLoopbackServer(({ path }, response) => {
    const file = repository.available ? files.get(path) : undefined;
    response.writeHead(file === undefined ? (repository.available ? 404 : 503) : 200).end(file);
  });
  const repository: TufRepository = {
    url: server.url,
    root,
    available: true,
    publish,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return repository;
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
