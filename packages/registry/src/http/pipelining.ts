import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests of all connections that wait for an earlier one's answer. Each costs some kilobytes: some 30 MB in all. */
const MAX_WAITING = 5000;
/** So many of one connection's, and no more of it is read until some were answered. Node reads 64 KiB at once. */
const PAUSE_AT = 16;

/**
 * Answers one request of a connection at a time. Node itself hands over all the requests that came in one piece, thousands of small ones,
 * before it looks at how much of the answers was taken. Those that come before their turn wait; when there is no room for more, the
 * connection is cut off. Clients that wait for their answers never need room.
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-pipelining
 */
export function oneAtATime(handle: RequestListener): RequestListener {
  /** By connection: how many of its requests wait. */
  const waiting = new Map<Socket, number>();
  let all = 0;
  const change = (socket: Socket, by: number): number => {
    const now = (waiting.get(socket) ?? 0) + by;
    waiting.set(socket, now);
    all += by;
    return now;
  };
  const opened = (socket: Socket): void => {
    // Node resumes a connection when a request's body is looked at.
    socket.on("resume", () => {
      if ((waiting.get(socket) ?? 0) >= PAUSE_AT) socket.pause();
    });
    socket.once("close", () => {
      all -= waiting.get(socket) ?? 0;
      waiting.delete(socket);
    });
  };
  const cutOff = (socket: Socket): void => {
    // Node makes an error for each request that ends so, and reads its stack: more than half of what a flood would cost.
    const { stackTraceLimit } = Error;
    socket.prependOnceListener("close", () => (Error.stackTraceLimit = 0));
    socket.once("close", () => (Error.stackTraceLimit = stackTraceLimit));
    socket.destroy();
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    // A response is given its connection when the one before it has ended.
    if (response.socket !== null) return handle(request, response);
    const { socket } = request;
    if (socket.destroyed) return;
    if (all >= MAX_WAITING) return cutOff(socket);
    if (!waiting.has(socket)) opened(socket);
    if (change(socket, 1) === PAUSE_AT) socket.pause();
    response.once("socket", () => {
      if (change(socket, -1) === PAUSE_AT - 1) socket.resume();
      // Other connections are served in between.
      setImmediate(() => {
        if (!socket.destroyed) handle(request, response);
      });
    });
  };
}
