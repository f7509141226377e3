/** What we use of the client: it is loaded with this file, on use. */
export { createClient, ErrorReply, RESP_TYPES, type RedisClientType } from "@redis/client";
