#!/usr/bin/env node
// kubectl 1.26 and newer ask `kubectl_complete-executors` what may follow `kubectl executors …`.
process.argv.splice(2, 0, "__complete");
await import("./executor-registry.js");
