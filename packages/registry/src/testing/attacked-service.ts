import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { pino } from "pino";
import { parseConfig } from "../config/parse-config.ts";
import { type Service, type ServiceOptions, startService } from "../supervisor/service.ts";

/** An element of `GET /executors/{type}/versions`; the members that tests read. */
interface Version {
  readonly image: string;
  readonly digest: string;
  readonly state: string;
  readonly verdicts: readonly {
    readonly check: string;
    readonly state: string;
    readonly reason: string;
    readonly code?: string;
  }[];
}

/** What `GET /executors/{type}` says; the members that tests read. */
interface Executor {
  readonly image: string;
  readonly digest: string;
  readonly owner?: string;
  readonly capabilities: readonly string[];
  readonly warnings: readonly string[];
}

/** A running service, asked over HTTP by whoever wants an image served that its policies do not allow. */
export interface AttackedService extends AsyncDisposable {
  readonly service: Service;
  readonly url: string;
  /** What a type is answered with; `undefined` where it is not. */
  answer(type: string): Promise<Executor | undefined>;
  versions(type: string): Promise<readonly Version[]>;
  /** Scans everything now, and waits for the end. */
  refresh(): Promise<void>;
  /** Posts as the holder of a token: `ci` is an operator, `view` a reader. */
  post(path: string, body: string, headers?: Readonly<Record<string, string>>, token?: string): Promise<Response>;
  /** The image of a repository that is kept out, and why: its verdicts' codes and reasons. Resolves once no verdict waits for its first answer. */
  keptOut(type: string, image: { readonly repository?: string; readonly digest?: string }): Promise<string>;
  /** Once the type is answered: fails unless it is answered with this image alone, and none with one of `evil`: digests, or paths of repositories. */
  serves(type: string, digest: string, evil?: readonly string[]): Promise<void>;
  reconfigure(config: object): Promise<void>;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const tokens = [
  { name: "ci", role: "operator", sha256: sha256("ci") },
  { name: "view", role: "reader", sha256: sha256("view") },
];

/** @param config its members; where it listens, and who may ask, is added */
export async function attackedService(
  config: object,
  options: Partial<ServiceOptions> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<AttackedService> {
  const parse = (members: object) => {
    const listen = { host: "127.0.0.1", port: 0 };
    return parseConfig(
      JSON.stringify({ listen, auth: { tokens }, limits: { writesPerMinute: 10_000 }, ...members }),
      "test.yaml",
      env,
    );
  };
  const service = await startService({ config: parse(config), log: pino({ level: "silent" }), ...options });
  const json = async (path: string): Promise<unknown> => (await fetch(service.url + path)).json();
  const attacked: AttackedService = {
    service,
    url: service.url,
    async answer(type) {
      const response = await fetch(`${service.url}/executors/${type}`);
      const body = (await response.json()) as Executor;
      return response.ok ? body : undefined;
    },
    async versions(type) {
      const page = (await json(`/executors/${type}/versions?limit=1000`)) as { readonly versions?: Version[] };
      return page.versions ?? [];
    },
    async refresh() {
      const response = await attacked.post("/executors/refresh?wait=true", "");
      assert.ok([200, 202].includes(response.status), await response.text());
    },
    post: (path, body, headers = {}, token = "ci") =>
      fetch(service.url + path, {
        method: "POST",
        body,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      }),
    async keptOut(type, { repository, digest }) {
      for (;;) {
        const found = (await attacked.versions(type)).find(
          (one) =>
            (digest === undefined || one.digest === digest) &&
            (repository === undefined || one.image.startsWith(`${repository}@`)),
        );
        assert.ok(found, `${type} has no image of ${repository ?? digest}`);
        assert.notEqual(found.state, "admitted");
        const against = found.verdicts.filter(({ state }) => state !== "passed");
        if (against.some(({ reason }) => reason === "it has not been judged yet")) continue;
        return against.map(({ code = "", reason }) => `${code}: ${reason}`).join("; ");
      }
    },
    async serves(type, digest, evil = []) {
      let answer = await attacked.answer(type);
      while (answer === undefined) answer = await attacked.answer(type);
      assert.equal(answer.digest, digest);
      const all = Object.values((await json("/executors")) as Readonly<Record<string, Executor>>);
      for (const { image } of all)
        for (const one of evil)
          assert.ok(!image.endsWith(`@${one}`) && !image.includes(`/${one}@`), `${image} is served`);
    },
    reconfigure: async (members) => void (await service.reconfigure(parse(members))),
    [Symbol.asyncDispose]: () => service.close(),
  };
  while ((await fetch(`${service.url}/readyz`)).status !== 200);
  return attacked;
}
