/** Where a resolver says what happened. pino's and console's loggers fit. Never receives a secret. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing. The default of the library. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
