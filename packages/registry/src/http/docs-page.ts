import type { Route } from "./route.ts";

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

/** The page of `/docs`: the routes, for people. Without scripts, so that the strictest policy can stand. */
export function docsPage(routes: readonly Route[], version: string): string {
  const sections = routes.map(({ method, path, summary, description, role, answers }) => {
    const rows = Object.entries(answers).map(
      ([status, { description: meaning }]) => `<dt>${status}</dt><dd>${escape(meaning)}</dd>`,
    );
    const who = role === undefined ? "anybody" : `role ${role}, unless the configuration leaves it open`;
    return `<section><h2><code>${method} ${escape(path)}</code></h2><p>${escape(summary)}</p>
${description === undefined ? "" : `<p>${escape(description)}</p>`}<p>For ${who}.</p><dl>${rows.join("")}</dl></section>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Executor registry</title>
<meta name="viewport" content="width=device-width">
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}dt{float:left;width:3rem}dd{margin-left:4rem}h2{font-size:1.1rem;border-top:1px solid #8888;padding-top:1rem}</style>
<h1>Executor registry ${escape(version)}</h1>
<p>Which image an executor type means right now. Everything here, for programs: <a href="/openapi.json">openapi.json</a>.
Errors are problems as of RFC 9457.</p>
${sections.join("\n")}
<section><h2><code>GET /events</code></h2><p>Server-sent events: <code>executor</code> with a type's new image, <code>reset</code> where everything has to be asked anew. Resumes by <code>Last-Event-ID</code>.</p></section>
<section><h2><code>POST /webhooks/{name}</code></h2><p>Events of registries, by the names in the configuration.</p></section>
<section><h2><code>GET /metrics</code></h2><p>For Prometheus.</p></section></html>
`;
}
