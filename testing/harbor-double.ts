import { startLoopbackServer } from "./loopback-server.ts";
import type { Canned } from "./registry-proxy.ts";

const NATIVE = "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0";
export const HARBOR_GENERIC = "application/vnd.security.vulnerability.report; version=1.1";

/** What Harbor has of an artifact. */
export interface HarborScan {
  /** Of the scan's task; an artifact that was never scanned has none. */
  readonly status?: string;
  readonly endTime?: string;
  readonly total?: number;
  /** What the details hold. */
  readonly report?: object | null;
  /** @default the native one */
  readonly mime?: string;
}

/** Harbor's API, as far as it shows artifacts and their vulnerabilities. */
export interface HarborDouble extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: readonly string[];
  /** @param artifact `project/repository@digest`; Harbor decodes a repository's name twice */
  set(artifact: string, scan: HarborScan): void;
  /** The next requests are answered so. @param times @default 1 */
  answerNext(answer: Canned, times?: number): void;
  /** All requests are answered so from now on; not at all without an answer. @returns how to end that */
  fail(answer: Canned | undefined): () => void;
}

export const HARBOR_ACCOUNT = { username: "robot$executors", password: "a-robots-secret" } as const;
const ARTIFACT =
  /^\/api\/v2\.0\/projects\/([^/]+)\/repositories\/([^/]+)\/artifacts\/(sha256:[0-9a-f]{64})(\/additions\/vulnerabilities)?$/;

/** @see https://github.com/goharbor/harbor/blob/main/api/v2.0/swagger.yaml */
export async function startHarborDouble(): Promise<HarborDouble> {
  const artifacts = new Map<string, HarborScan>();
  const canned: Canned[] = [];
  const failing: (readonly [Canned | undefined])[] = [];
  const expected = `Basic ${Buffer.from(Object.values(HARBOR_ACCOUNT).join(":")).toString("base64")}`;
  const server = await startLoopbackServer(({ path, headers }, response) => {
    const url = new URL(path, "http://double");
    const json = (status: number, body: object): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const prepared = canned.shift();
    if (prepared) return void response.writeHead(prepared.status, prepared.headers).end(prepared.body);
    const [failure] = failing;
    if (failure !== undefined) {
      const [answer] = failure;
      if (answer !== undefined) response.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    if (headers.authorization !== expected) return json(401, { errors: [{ code: "UNAUTHORIZED" }] });
    // The proxy before Harbor's core decodes once.
    const [, project = "", name = "", digest = "", details] = ARTIFACT.exec(decodeURIComponent(url.pathname)) ?? [];
    const scan = artifacts.get(`${project}/${decodeURIComponent(name)}@${digest}`);
    if (scan === undefined) return json(404, { errors: [{ code: "NOT_FOUND" }] });
    const mime = scan.mime ?? NATIVE;
    if (details !== undefined) return json(200, { [mime]: scan.report ?? null });
    const overview = {
      report_id: "f1f6c0b0",
      scan_status: scan.status,
      severity: "None",
      end_time: scan.endTime,
      summary: { total: scan.total, fixable: 0, summary: {} },
    };
    const shown = url.searchParams.get("with_scan_overview") === "true" && scan.status !== undefined;
    json(200, { digest, type: "IMAGE", ...(shown && { scan_overview: { [mime]: overview } }) });
  });
  return {
    endpoint: server.url,
    get requests() {
      return server.received.map(({ path }) => path);
    },
    set: (artifact, scan) => void artifacts.set(artifact, scan),
    answerNext: (answer, times = 1) => void canned.push(...Array.from({ length: times }, () => answer)),
    fail(answer) {
      failing.unshift([answer]);
      return () => void failing.shift();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
