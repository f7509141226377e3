import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Serving, serving } from "../../testing/serving.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

/** Starts a service on a store that was filled; what it is to watch does not answer. Killed when it goes out of scope. */
export async function serviceOn(store: string, folder: string): Promise<Serving> {
  const file = join(folder, `${createHash("sha256").update(store).digest("hex")}.yaml`);
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
store: ${JSON.stringify(store)}
log: { level: info }
checks: none
auth: { tokens: [{ name: bench, role: operator, sha256: ${createHash("sha256").update(TOKEN).digest("hex")} }] }
limits: { writesPerMinute: 100000 }
sources: [{ name: builds, kind: oci, host: "127.0.0.1:1", insecure: true, interval: 1d, repositories: ["team/**"] }]
`,
  );
  return serving(file);
}

/** Pins a type to a version. @returns when the service has acknowledged it */
export async function pin({ url }: Serving, type: string, to: string): Promise<number> {
  const response = await fetch(`${url}/executors/${type}/pin`, {
    method: "PUT",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ to, reason: "a benchmark" }),
  });
  const acknowledged = performance.now();
  const text = await response.text();
  if (response.status !== 200) throw new Error(`pinning: ${response.status} ${text}`);
  return acknowledged;
}

/** The version that a service answers with. */
export async function versionAt({ url }: Serving, type: string): Promise<string | undefined> {
  const response = await fetch(`${url}/executors/${type}`);
  return ((await response.json()) as { version?: string }).version;
}
