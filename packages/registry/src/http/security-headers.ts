/** For every answer. TLS, and with it HSTS, is the ingress's. @see https://owasp.org/www-project-secure-headers/ */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};
