#!/usr/bin/env node
// Plain JavaScript, so that a Node that is too old gets a sentence instead of a syntax error.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 21)) {
  console.error(`error: executor-registry-server needs Node 22.21 or newer; this is ${process.versions.node}`);
  process.exit(1);
}
// Compiled code is kept in the system's temporary folder, for the next start. Where it cannot, nothing is lost.
require("node:module").enableCompileCache();
module.exports = require("../dist/server.cjs");
