/** Whether all that PostgreSQL sent are notifications: a letter and a length before each. */
export function isNotification(chunk: Buffer): boolean {
  let at = 0;
  while (at + 5 <= chunk.length) {
    if (chunk[at] !== "A".charCodeAt(0)) return false;
    at += 1 + chunk.readUInt32BE(at + 1);
  }
  return at === chunk.length;
}

/** Whether what Redis sent begins with a message to those who subscribe. */
export const isMessage = (chunk: Buffer): boolean =>
  /^[*>]3\r\n\$7\r\nmessage\r\n/.test(chunk.toString("latin1", 0, 20));
