import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests of all connections that wait for an earlier one's answer. Each costs some kilobytes. */
const MOST_WAITING = 5000;
/** So many of one connection's, and no more of it is read until some were answered. Node reads 64 KiB at once. */
const PAUSE_AT = 16;
/** So many one connection may have while there is no room for more. */
const SHARE = 64;

interface Pipeline {
  /** Requests that wait for an earlier one's answer. */
  waiting: number;
}

/**
 * Answers one request of a connection at a time. Node itself hands over all the requests that came in one piece, thousands of small ones,
 * before it looks at how much of the answers was taken. Those that come before their turn wait; when too many do, the connections that
 * ask most are cut off.
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-pipelining
 */
export function oneAtATime(handle: RequestListener): RequestListener {
  const pipelines = new Map<Socket, Pipeline>();
  let all = 0;

  const opened = (socket: Socket): Pipeline => {
    const pipeline = { waiting: 0 };
    pipelines.set(socket, pipeline);
    // Node resumes a connection when a request's body is looked at.
    socket.on("resume", () => {
      if (pipeline.waiting >= PAUSE_AT) socket.pause();
    });
    socket.once("close", () => forget(socket));
    return pipeline;
  };
  const forget = (socket: Socket): void => {
    all -= pipelines.get(socket)?.waiting ?? 0;
    pipelines.delete(socket);
  };
  const cutOff = (socket: Socket): void => {
    forget(socket);
    // Node makes an error for each request that ends so. Their stacks, which nobody sees, would be most of what it costs.
    const { stackTraceLimit } = Error;
    socket.prependOnceListener("close", () => (Error.stackTraceLimit = 0));
    socket.once("close", () => (Error.stackTraceLimit = stackTraceLimit));
    socket.destroy();
  };
  /** The one that asks more than its share, or else the one that has asked for most. */
  const greediest = (socket: Socket): Socket => {
    const { waiting = 0 } = pipelines.get(socket) ?? {};
    if (waiting > SHARE) return socket;
    const [[most] = [socket]] = [...pipelines].sort(([, a], [, b]) => b.waiting - a.waiting);
    return most;
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    // A response is given its connection when the one before it has ended.
    if (response.socket !== null) return handle(request, response);
    const { socket } = request;
    if (socket.destroyed) return;
    const pipeline = pipelines.get(socket) ?? opened(socket);
    pipeline.waiting += 1;
    all += 1;
    if (pipeline.waiting === PAUSE_AT) socket.pause();
    if (all > MOST_WAITING) cutOff(greediest(socket));
    response.once("socket", () => {
      pipeline.waiting -= 1;
      all -= 1;
      if (pipeline.waiting === PAUSE_AT - 1) socket.resume();
      // Other connections are served in between.
      setImmediate(() => {
        if (!socket.destroyed) handle(request, response);
      });
    });
  };
}
