import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLogger } from "@executor-registry/resolver";
import { fakeApi, kubernetesError } from "../../../../testing/fake-api.ts";
import { followContainerLog } from "./container-log.ts";

const line = (second: number, text: string): string => `2026-11-23T10:00:${String(second).padStart(2, "0")}.5Z ${text}`;

/** Plays one stream after the other: its lines, then its error if it has one. When the last begins, the container has ended. */
function scripted(...streams: readonly (string | Error)[][]) {
  const lines: string[] = [];
  const since: unknown[] = [];
  const waits: number[] = [];
  const warnings: string[] = [];
  const state = { now: 0 };
  const ended = new AbortController();
  if (streams.length === 1) ended.abort();
  const api = fakeApi(() => undefined, {
    async *lines(_, { query }) {
      since.push(query?.["sinceTime"]);
      for (const part of streams[since.length - 1] ?? []) {
        if (part instanceof Error) throw part;
        yield Buffer.from(part);
      }
    },
  });
  const follow = (onLog = (text: string): unknown => lines.push(text)) =>
    followContainerLog({
      api,
      namespace: "here",
      pod: "pod-1",
      container: "executor",
      times: () => ({ started: Date.parse("2026-11-23T10:00:01Z") }),
      onLog,
      ended: ended.signal,
      signal: new AbortController().signal,
      random: () => 1,
      clock: {
        now: () => state.now,
        async sleep(ms) {
          waits.push(ms);
          if (since.length === streams.length - 1) ended.abort();
        },
      },
      log: { ...silentLogger, warn: (_, message) => warnings.push(message) },
    });
  return Object.assign(state, { follow, lines, since, waits, warnings });
}

describe("following a container's log", () => {
  test("it ends with the first reading that began after the container's end", async () => {
    const { follow, lines, since } = scripted([line(1, "a"), line(5, "b")], [line(5, "b"), line(5, "c")]);
    assert.equal(await follow(), undefined);
    assert.deepEqual(lines, ["a", "b", "c"]);
    assert.deepEqual(since, [undefined, "2026-11-23T10:00:04Z"]);
  });

  test("failures that pass are waited out, longer each time, until a line comes", async () => {
    const notReady = kubernetesError("kubernetes-api", { status: 400 });
    const cut = kubernetesError("unreachable");
    const { follow, lines, waits } = scripted([notReady], [cut], [line(1, "a"), cut], [line(1, "a"), line(2, "b")]);
    assert.equal(await follow(), undefined);
    assert.deepEqual(lines, ["a", "b"]);
    assert.deepEqual(waits, [500, 1000, 500]);
  });

  test("a pod that is gone, or a log that may not be read, is not complete", async () => {
    for (const error of [kubernetesError("not-found", { status: 404 }), kubernetesError("too-large")]) {
      const { follow, warnings } = scripted([line(1, "a"), error]);
      assert.match((await follow()) ?? "", /^the log cannot be read: /);
      assert.equal(warnings.length, 1);
    }
  });

  for (const words of [
    "unable to retrieve container logs for containerd://4711",
    'failed to try resolving symlinks in path "/var/log/pods/x/0.log": lstat: no such file or directory',
    "rpc error: code = NotFound desc = an error occurred when try to find container",
    "failed to create fsnotify watcher: too many open files",
  ]) {
    test(`dev-05: what the node says is no line of the executor, and a doubt: ${words.slice(0, 30)}`, async () => {
      for (const stream of [[line(1, "a"), words], [words, line(1, "a")], [words]]) {
        const { follow, lines, warnings } = scripted(stream);
        assert.equal(await follow(), `the node says: ${words}`);
        assert.deepEqual(lines, stream.length > 1 ? ["a"] : []);
        assert.equal(warnings.length, 1);
      }
    });
  }

  test("each line waits for the one before it", async () => {
    const { follow } = scripted([line(1, "a"), line(1, "b")]);
    const order: string[] = [];
    await follow(async (text) => {
      order.push(`${text} begins`);
      await Promise.resolve();
      order.push(`${text} ends`);
    });
    assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
  });

  test("what onLog throws is not swallowed", async () => {
    const broken = new Error("the reader is gone");
    const { follow } = scripted([line(1, "a")]);
    await assert.rejects(
      follow(() => {
        throw broken;
      }),
      broken,
    );
  });

  test("dev-05: after a cut and a rotation, none of the lines taken comes again: a gap", async () => {
    const { follow, lines } = scripted(
      [line(1, "a"), line(2, "b"), kubernetesError("unreachable")],
      [line(9, "y"), line(9, "z")],
    );
    assert.match((await follow()) ?? "", /rotated lines away/);
    assert.deepEqual(lines, ["a", "b", "y", "z"]);
  });

  test("dev-05: rotated after a cut and nothing written since: whether lines were lost is not known", async () => {
    const { follow } = scripted([line(1, "a"), kubernetesError("unreachable")], []);
    assert.match((await follow()) ?? "", /rotated lines away/);
  });

  test("dev-05: rotated after a cut, but the last line comes again: nothing is lost", async () => {
    const { follow, lines } = scripted(
      [line(1, "a"), line(2, "b"), line(2, "c"), kubernetesError("unreachable")],
      [line(2, "c"), line(3, "d"), line(3, "e")],
    );
    assert.equal(await follow(), undefined);
    assert.deepEqual(lines, ["a", "b", "c", "d", "e"]);
  });

  test("dev-05: a gap in one of many readings is remembered to the end", async () => {
    const cut = kubernetesError("unreachable");
    const { follow } = scripted([line(1, "a"), cut], [line(5, "k"), cut], [line(5, "k"), line(6, "l")]);
    assert.match((await follow()) ?? "", /rotated lines away/);
  });

  test("dev-05: followed late, a log whose first line is not of the container's start may have had others", async () => {
    const late = scripted([line(30, "y")]);
    late.now = Date.parse("2026-11-23T10:00:40Z");
    assert.match((await late.follow()) ?? "", /followed from later than its start/);
    const early = scripted([line(30, "y")]);
    early.now = Date.parse("2026-11-23T10:00:02Z");
    assert.equal(await early.follow(), undefined, "reading began before the first line was written");
  });
});
