import type { Io } from "./io.ts";

const PATIENCE = 500;

/** Waits; says on a terminal what for, once that takes long, and takes it back at the end. */
export async function withProgress<T>({ stderr }: Io, what: string, work: Promise<T>): Promise<T> {
  if (!stderr.isTTY) return work;
  let shown = false;
  const timer = setTimeout(() => {
    shown = true;
    stderr.write(`${what} …`);
  }, PATIENCE);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (shown) stderr.write("\r\u001b[K");
  }
}
