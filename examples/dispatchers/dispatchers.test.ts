import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { onPath } from "../../scripts/tools.ts";
import { exampleService } from "../../testing/example-service.ts";
import { serving } from "../../testing/serving.ts";

const FOLDER = "examples/dispatchers";
const LANGUAGES = [
  { name: "Python", needs: "python3", start: () => ["python3", `${FOLDER}/python/dispatcher.py`] },
  {
    name: "Go",
    needs: "go",
    start(folder: string) {
      const program = join(folder, "dispatcher");
      execFileSync("go", ["build", "-o", program, "."], { cwd: `${FOLDER}/go`, stdio: "pipe" });
      return [program];
    },
  },
] as const;

interface Job {
  readonly kind: string;
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}
interface Container {
  readonly image: string;
  readonly args: readonly string[];
}

/** A dispatcher as a process, to which lines are written. */
class Dispatcher implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #notes = "";

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [program = "", ...args] = command;
    this.#child = spawn(program, args, { env: { PATH: process.env["PATH"], no_proxy: "*", ...env } });
    const lines: string[] = [];
    const waiting: (() => void)[] = [];
    const heard = (line: string): void => {
      lines.push(line);
      waiting.shift()?.();
    };
    createInterface({ input: this.#child.stdout! }).on("line", heard);
    createInterface({ input: this.#child.stderr! }).on("line", (line) => {
      if (line.startsWith("warning: ")) this.#notes += line;
      else heard(line);
    });
    this.#lines = (async function* () {
      for (;;) {
        if (lines.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
        yield lines.shift() ?? "";
      }
    })();
  }

  /** What it prints about one request: a Job, or the line of an error. */
  async ask(line: string): Promise<string> {
    this.#child.stdin!.write(`${line}\n`);
    const { value } = (await this.#lines.next()) as { value: string };
    return value;
  }

  async container(line: string): Promise<Container> {
    const printed = await this.ask(line);
    assert.ok(printed.startsWith("{"), printed);
    const { kind, spec } = JSON.parse(printed) as Job;
    assert.equal(kind, "Job");
    const [container] = spec.template.spec.containers;
    assert.ok(container);
    return container;
  }

  /** The warnings before the last error: what is printed to another stream may be read later. */
  get notes(): string {
    return this.#notes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}

/** A server on a port of its own. */
async function listening(handle: RequestListener): Promise<{ readonly url: string } & AsyncDisposable> {
  const server: Server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Answers each first request of a connection with bytes that need not be HTTP. */
async function rawServer(answer: (socket: Socket) => void): Promise<{ readonly url: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    // A client that gave up may reset the connection.
    socket.on("error", () => socket.destroy());
    socket.once("data", () => answer(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What came, and what was answered to it, on the way to a service. */
interface Seen {
  readonly status: number;
  readonly request: IncomingMessage;
}

/** Passes requests on to a service. */
async function recording(target: string) {
  const seen: Seen[] = [];
  const proxy = await listening((request, response) => {
    const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const pass = async (): Promise<void> => {
      const answer = await fetch(target + request.url, { headers, redirect: "manual" });
      seen.push({ status: answer.status, request });
      const etag = answer.headers.get("etag");
      response.writeHead(answer.status, etag === null ? {} : { etag });
      response.end(Buffer.from(await answer.arrayBuffer()));
    };
    void pass();
  });
  return { ...proxy, seen, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

for (const { name, needs, start } of LANGUAGES) {
  const skip = !onPath(needs) && `${needs} is not on the PATH`;
  describe(`the dispatcher in ${name}`, { skip }, () => {
    let folder: string;
    let command: readonly string[];
    const dispatcher = (url: string, more: Readonly<Record<string, string>> = {}): Dispatcher =>
      new Dispatcher(command, { EXECUTOR_REGISTRY_URL: url, EXECUTOR_REGISTRY_TTL: "0", ...more });
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "dispatchers-"));
      command = start(folder);
    });
    after(() => rm(folder, { recursive: true }));

    test("makes a Job of the current image, and does not ask again within the TTL", async () => {
      await using service = await exampleService();
      await using proxy = await recording(service.url);
      await using asking = dispatcher(proxy.url, { EXECUTOR_REGISTRY_TTL: "60" });
      const { image } = (await (await fetch(`${service.url}/executors/ml`)).json()) as { image: string };
      assert.deepEqual(await asking.container("ml --epochs 3").then(({ image, args }) => ({ image, args })), {
        image,
        args: ["--epochs", "3"],
      });
      assert.equal((await asking.container("ml")).image, image);
      assert.equal(proxy.seen.length, 1);
    });

    test("asks with its ETag after the TTL, and keeps its answer on 304", async () => {
      await using service = await exampleService();
      await using proxy = await recording(service.url);
      await using asking = dispatcher(proxy.url);
      const first = await asking.container("ml");
      assert.deepEqual(await asking.container("ml"), first);
      assert.deepEqual(
        proxy.seen.map(({ status }) => status),
        [200, 304],
      );
    });

    test("goes on with its last answer when the service is killed, and says so", async () => {
      await using service = await exampleService();
      await using asking = dispatcher(service.url);
      const first = await asking.container("ml");
      await service.close();
      assert.deepEqual(await asking.container("ml"), first);
      assert.match(await asking.ask("nlp"), /^error: nlp: .*refused/);
      assert.match(asking.notes, /warning: ml: an answer of \d+ s ago is used/);
    });

    test("asks the next URL where the first does not answer", async () => {
      await using service = await exampleService();
      await using asking = dispatcher(`http://127.0.0.1:1, ${service.url}`);
      assert.match((await asking.container("ml")).image, /executor-ml@sha256:/);
    });

    test("says that a service is not ready, which has not looked at its sources yet", async () => {
      await using silent = await listening(() => {});
      const host = new URL(silent.url).host;
      const file = join(folder, "slow.yaml");
      const source = `{ name: slow, kind: oci, host: "${host}", insecure: true, repositories: [team/executor-ml] }`;
      await writeFile(file, `listen: { host: 127.0.0.1, port: 0 }\nchecks: none\nsources: [${source}]\n`);
      await using service = await serving(file, {}, "listening");
      await using asking = dispatcher(service.url);
      assert.match(await asking.ask("ml"), /^error: ml: .*not looked at yet: slow/);
    });

    test("keeps what it knows where a service that is starting does not know the type yet", async () => {
      const answers = [
        [200, { image: "r.test/executor-ml@sha256:1" }],
        [404, { code: "unknown-type", detail: "not known yet", incomplete: ["own: not looked at yet"] }],
        [503, { code: "not-ready", detail: "not looked at yet: own" }],
      ] as const;
      let next = 0;
      await using service = await listening((_, response) => {
        const [status, body] = answers[next++] ?? [404, { code: "unknown-type" }];
        response.writeHead(status).end(JSON.stringify(body));
      });
      await using asking = dispatcher(service.url);
      for (let asked = 0; asked < answers.length; asked += 1)
        assert.equal((await asking.container("ml")).image, "r.test/executor-ml@sha256:1");
      assert.match(await asking.ask("other"), /^error: there is no executor type other$/);
      assert.match(asking.notes, /not known yet.*not looked at yet: own/);
    });

    test("names types that are like one that does not exist", async () => {
      await using service = await exampleService();
      await using asking = dispatcher(service.url);
      assert.match(await asking.ask("mll"), /^error: there is no executor type mll; did you mean ml/);
    });

    test("reads its token again for each request", async () => {
      const auth = (token: string) =>
        `auth: { reads: token, tokens: [{ name: jobs, role: reader, sha256: ${hash("sha256", token, "hex")} }] }`;
      await using service = await exampleService();
      const configuration = (token: string) =>
        `listen: { host: 127.0.0.1, port: 0 }\nsources: [{ name: examples, kind: oci-layout, path: examples/layout }]\n${auth(token)}`;
      await service.configure(configuration("the-first-token"));
      const file = join(folder, "token");
      await writeFile(file, "the-first-token\n");
      await using asking = dispatcher(service.url, { EXECUTOR_REGISTRY_TOKEN_FILE: file });
      await asking.container("ml");
      await service.configure(configuration("the-second-token"));
      await writeFile(file, "the-second-token\n");
      await asking.container("nlp");
      await asking.container("ml");
      assert.match(await asking.ask("mll"), /^error: .*\bmll\b/);
      assert.equal(asking.notes, "");
    });

    test("ends a request that takes too long, or whose answer is too large", async () => {
      await using silent = await listening(() => {});
      await using dripping = await listening((_, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(" "), 200);
        response.on("close", () => clearInterval(drip));
      });
      await using large = await listening((_, response) => response.end(" ".repeat((1 << 20) + 1)));
      const began = performance.now();
      for (const { url } of [silent, dripping]) {
        await using asking = dispatcher(url);
        assert.match(await asking.ask("ml"), /^error: ml: .*(timed out|deadline|not answered)/i);
      }
      assert.ok(performance.now() - began < 10_000);
      await using asking = dispatcher(large.url);
      assert.match(await asking.ask("ml"), /more than 1048576 bytes/);
    });

    test("ends a request whose headers take too long", async () => {
      await using dripping = await rawServer((socket) => {
        socket.write("HTTP/1.1 200 OK\r\nx: ");
        const drip = setInterval(() => socket.write("a"), 200);
        socket.on("close", () => clearInterval(drip));
      });
      await using asking = dispatcher(dripping.url);
      const began = performance.now();
      assert.match(await asking.ask("ml"), /^error: ml: .*(deadline|not answered)/);
      assert.ok(performance.now() - began < 5_000);
    });

    test("reports what is no answer, and goes on with the next line", async () => {
      const json = (body: string): string =>
        `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      const answers = [
        "hello\r\n\r\n",
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{"image"',
        "HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n",
        json("[".repeat(500_000)),
        json('{"image":"r.test/executor-ml@sha256:1","live":"here"}'),
      ];
      let next = 0;
      await using odd = await rawServer((socket) => socket.end(answers[next++] ?? ""));
      await using asking = dispatcher(odd.url);
      for (const answer of answers) assert.match(await asking.ask("ml"), /^error: ml: /, answer.slice(0, 80));
      assert.equal(next, answers.length);
    });

    test("sends its token to no other address", async () => {
      await using other = await recording("http://127.0.0.1:1");
      await using service = await listening((_, response) =>
        response.writeHead(302, { location: `${other.url}/executors/ml` }).end("{}"),
      );
      await using asking = dispatcher(service.url);
      assert.match(await asking.ask("ml"), /status 302/);
      assert.equal(other.seen.length, 0);
    });
  });
}

/** What the programs send and read. */
const USED = {
  Executor: ["image", "live"],
  Live: ["pullPolicy", "nodes"],
  Problem: ["code", "title", "detail", "nearMisses", "incomplete"],
};

test("what the dispatchers ask and read is in the OpenAPI document", async () => {
  interface Described {
    readonly paths: Readonly<
      Record<string, { readonly get?: { readonly responses: Readonly<Record<string, object>> } }>
    >;
    readonly components: { readonly schemas: Readonly<Record<string, { readonly properties: object }>> };
  }
  await using service = await exampleService();
  const { paths, components } = (await (await fetch(`${service.url}/openapi.json`)).json()) as Described;
  const responses = Object.keys(paths["/executors/{type}"]?.get?.responses ?? {});
  assert.deepEqual(responses, ["200", "404", "503", "default"]);
  for (const [name, members] of Object.entries(USED)) {
    const documented = Object.keys(components.schemas[name]?.properties ?? {});
    assert.deepEqual(
      members.filter((member) => !documented.includes(member)),
      [],
      name,
    );
  }
});
