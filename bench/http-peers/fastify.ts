import { readFileSync } from "node:fs";
import fastify from "fastify";

// The least that Fastify can do: one route, bytes that are there already.
const body = readFileSync(process.argv[2] ?? "");
const app = fastify();
app.get("/executors/:type", (_request, reply) => reply.type("application/json; charset=utf-8").send(body));
console.log(await app.listen({ host: "127.0.0.1", port: 0 }));
