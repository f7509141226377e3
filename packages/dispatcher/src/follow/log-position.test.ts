import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { createLogPosition, type LogPosition } from "./log-position.ts";

const START = Date.UTC(2026, 10, 23) / 1000;

interface Entry {
  /** Nanoseconds since the start. */
  readonly at: number;
  readonly text: string;
}

const stamp = (at: number): string => {
  const second = new Date((START + Math.floor(at / 1e9)) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(at % 1e9).padStart(9, "0")}Z`;
};
const raw = ({ at, text }: Entry): Buffer => Buffer.from(`${stamp(at)} ${text}`);

/** What a kubelet sends from `since` on: whole seconds, lines in the order they were written. */
const served = (log: readonly Entry[], since: string | undefined): readonly Entry[] =>
  since === undefined ? log : log.filter(({ at }) => at >= (Date.parse(since) / 1000 - START) * 1e9);

const takeAll = (position: LogPosition, log: readonly Entry[]): string[] =>
  log.flatMap((entry) => position.take(raw(entry))?.text ?? []);

describe("reading on where a log broke off", () => {
  const gap = fc.oneof(fc.constant(0), fc.nat(1000), fc.nat(3e9));
  const entries = fc.array(fc.tuple(gap, fc.nat(5e6)), { maxLength: 40 }).map((steps) => {
    let now = 0;
    // Two streams are stamped before they are written in turn, so a time can lie a little before the one before it.
    return steps.map(([step, early], index) => ({ at: Math.max(0, (now += step) - early), text: `line ${index % 7}` }));
  });

  test("each line comes once and in order, wherever it breaks off and however times repeat", () => {
    fc.assert(
      fc.property(entries, fc.array(fc.nat(40)), (log, breaks) => {
        const position = createLogPosition();
        const got: string[] = [];
        for (const length of [...breaks, Infinity]) {
          const answer = served(log, position.since());
          position.resume();
          got.push(...takeAll(position, answer.slice(0, length)));
        }
        assert.deepEqual(
          got,
          log.map(({ text }) => text),
        );
      }),
    );
  });

  test("after the node rotated the log, what is left comes", () => {
    const log = Array.from({ length: 9 }, (_, index) => ({ at: index * 1000, text: `line ${index}` }));
    const position = createLogPosition();
    takeAll(position, log.slice(0, 6));
    position.resume();
    assert.deepEqual(takeAll(position, log.slice(4)), ["line 6", "line 7", "line 8"]);
  });

  test("it begins a second before the newest line, in UTC", () => {
    const position = createLogPosition();
    assert.equal(position.since(), undefined);
    position.take(Buffer.from("2026-11-23T10:00:05.999999999+01:00 x"));
    assert.equal(position.since(), "2026-11-23T09:00:04Z");
  });
});

describe("a line", () => {
  const take = (line: string) => createLogPosition().take(Buffer.from(line));
  const time = "2026-11-23T10:00:05.000000001Z";

  test("has a time, and keeps its blanks", () => {
    assert.deepEqual(take(`${time}   ä  `), { text: "  ä  ", time });
    assert.deepEqual(take(`${time} `), { text: "", time });
    assert.deepEqual(take(time), { text: "", time });
  });

  test("without a time is the node's own", () => {
    assert.deepEqual(take("unable to retrieve container logs"), { text: "unable to retrieve container logs" });
    assert.deepEqual(take(""), { text: "" });
  });

  test("loses the times that old kubelets put into long ones, and nothing else", () => {
    const part = "x".repeat(16_384);
    assert.equal(
      take(`${time} ${part}${time} ${part}${time} end ${time} of it`)?.text,
      `${part}${part}end ${time} of it`,
    );
  });
});
