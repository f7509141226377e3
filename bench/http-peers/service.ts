import { createHash } from "node:crypto";
import { pino } from "pino";
import { parseConfig, startService } from "@executor-registry/registry";

// The service as it ships, with a token needed to read.
const token = process.argv[2] ?? "";
const config = parseConfig(
  `
listen: {host: 127.0.0.1, port: 0}
sources: [{name: examples, kind: oci-layout, path: examples/layout}]
auth:
  reads: token
  tokens: [{name: bench, role: operator, sha256: ${createHash("sha256").update(token).digest("hex")}}]
`,
  "bench",
);
const service = await startService({ config, log: pino({ level: "info" }, pino.destination(2)) });
await fetch(`${service.url}/executors/refresh?wait=true`, {
  method: "POST",
  headers: { authorization: `Bearer ${token}` },
});
console.log(service.url);
