import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

// Fits a line to noisy points by gradient descent: a stand-in for training that is quick, and the same for the same SEED.
// Exit codes: 0 done, 1 the loss is still above --target, 2 the arguments make no sense, 143 asked to stop.

interface Settings {
  readonly epochs: number;
  readonly rate: number;
  /** Training ends early when the loss is this low. */
  readonly target: number | undefined;
  /** Milliseconds between epochs, so that there is something to follow. */
  readonly pause: number;
  readonly seed: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

class UsageError extends Error {}

function settings(args: string[], env: NodeJS.ProcessEnv): Settings {
  const { values } = parseArgs({
    args,
    options: {
      epochs: { type: "string", default: "20" },
      rate: { type: "string", default: "0.4" },
      target: { type: "string" },
      pause: { type: "string", default: "0" },
    },
  });
  const number = (name: string, text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < 0)
      throw new UsageError(`${name} must be a number of 0 or more, not ${JSON.stringify(text)}`);
    return value;
  };
  return {
    epochs: number("--epochs", values.epochs),
    rate: number("--rate", values.rate),
    target: values.target === undefined ? undefined : number("--target", values.target),
    pause: number("--pause", values.pause),
    seed: number("SEED", env["SEED"] ?? "1"),
  };
}

/** Points around y = 3x + 2, by a linear congruential generator (the constants of Numerical Recipes). */
function points(seed: number, count = 200): Point[] {
  let state = seed >>> 0;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Array.from({ length: count }, () => {
    const x = random();
    return { x, y: 3 * x + 2 + (random() - 0.5) * 0.2 };
  });
}

function step(data: readonly Point[], slope: number, offset: number, rate: number) {
  let bySlope = 0;
  let byOffset = 0;
  let loss = 0;
  for (const { x, y } of data) {
    const error = slope * x + offset - y;
    bySlope += (2 * error * x) / data.length;
    byOffset += (2 * error) / data.length;
    loss += error ** 2 / data.length;
  }
  return { loss, slope: slope - rate * bySlope, offset: offset - rate * byOffset };
}

async function train({ epochs, rate, target, pause: between, seed }: Settings): Promise<boolean> {
  const data = points(seed);
  let model = { loss: Infinity, slope: 0, offset: 0 };
  const reached = (): boolean => target !== undefined && model.loss <= target;
  console.log(`training on ${data.length} points, seed ${seed}, at most ${epochs} epochs`);
  for (let epoch = 1; epoch <= epochs && !reached(); epoch += 1) {
    model = step(data, model.slope, model.offset, rate);
    console.log(`epoch ${epoch}: loss ${model.loss.toFixed(4)}`);
    if (between > 0) await pause(between);
  }
  console.log(`y = ${model.slope.toFixed(2)}x + ${model.offset.toFixed(2)}`);
  return target === undefined || reached();
}

// As process 1 of a container nothing ends it unless it says so itself.
process.once("SIGTERM", () => process.exit(143));
try {
  process.exitCode = (await train(settings(process.argv.slice(2), process.env))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
