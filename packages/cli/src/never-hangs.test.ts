import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { manualClock } from "../../../testing/manual-clock.ts";
import { startCli } from "../../../testing/cli.ts";
import { endingInTime, Interruption } from "@executor-registry/resolver/internal";
import { fakeIo, runHere } from "./testing/fake-io.ts";

/** What a broken server or gateway says, and no more. */
const ANSWERS = {
  nothing: "",
  "another protocol": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  "half a head": "HTTP/1.1 200 OK\r\nContent-Le",
  "half a body": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
} as const;

describe("red-02: a server that answers with", () => {
  let folder = "";
  let answer = "";
  let asked: (socket: Socket, request: string) => void = () => {};
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      socket.write(answer);
      asked(socket, bytes.toString("latin1"));
    });
  });
  let kubeconfig = "";
  let url = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hangs-"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    kubeconfig = join(folder, "kubeconfig");
    const config = {
      clusters: [{ name: "a", cluster: { server: url } }],
      users: [],
      contexts: [{ name: "a", context: { cluster: "a" } }],
      "current-context": "a",
    };
    await writeFile(kubeconfig, JSON.stringify(config));
  });
  after(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  for (const [name, bytes] of Object.entries(ANSWERS)) {
    for (const command of ["get ml", "versions ml", "journal", "refresh"]) {
      test(`${name}: ${command} ends within its 10 s`, async () => {
        answer = bytes;
        const request = new Promise((resolve) => (asked = resolve));
        const clock = manualClock();
        const outcome = runHere([...command.split(" "), "--registry", url], fakeIo({ clock }));
        await request;
        if (name !== "another protocol") await clock.advance(10_000);
        const { code, stderr } = await outcome;
        assert.equal(code, 5);
        assert.match(stderr, name === "another protocol" ? /switches protocols/ : /did not answer within 10 s/);
      });
    }

    for (const command of ["list", "resolve ml", "doctor", "watch"]) {
      test(`${name}: the first Ctrl-C ends ${command}`, async () => {
        answer = bytes;
        const request = new Promise((resolve) => (asked = resolve));
        const ending = new AbortController();
        const io = fakeIo({ clock: manualClock(), signal: ending.signal });
        const outcome = runHere([...command.split(" "), "--kubeconfig", kubeconfig], io);
        await request;
        ending.abort(new Interruption("interrupted", 130));
        assert.equal((await outcome).code, 130);
      });
    }
  }

  test("nothing: a process that lists executors ends with its first Ctrl-C", async () => {
    answer = "";
    // What was asked before may be asked once more; only the process asks about this namespace.
    const request = new Promise<void>((resolve) => {
      asked = (_, text) => void (text.includes("/namespaces/of-the-process/") && resolve());
    });
    const child = startCli(["list", "--namespace", "of-the-process", "--kubeconfig", kubeconfig]);
    await request;
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "exit"), [130, null]);
  });
});

test("a command that hangs ends soon after Ctrl-C, and says that it gave up", async () => {
  const clock = manualClock();
  const ending = new AbortController();
  const io = fakeIo({ clock, signal: ending.signal });
  const code = endingInTime(new Promise(() => {}), io);
  ending.abort(new Interruption("terminated", 143));
  await clock.nextSleep();
  await clock.advance(2000);
  assert.equal(await code, 143);
  assert.match(io.written().stderr, /did not end within 2 s/);
});
