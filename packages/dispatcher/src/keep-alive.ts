/** A little less than the longest timer there is. */
const LONG = 2 ** 30;

/**
 * Keeps the process running until the work is done. The clock's sleeps do not, and while a server is out of reach
 * nothing else would: Node would end a program that awaits.
 */
export async function keepAlive<T>(work: () => Promise<T>): Promise<T> {
  const handle = setInterval(() => {}, LONG);
  try {
    return await work();
  } finally {
    clearInterval(handle);
  }
}
