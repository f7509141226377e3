/** This package's version, as in its package.json. Sent as `User-Agent`, written to what the resolver creates. */
export const VERSION = "0.1.0";
