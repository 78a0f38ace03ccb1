export { configurationPage } from './document.js';
export type { DocumentedApp } from './document.js';
export { commonFields, flag, postgresUrl, redisUrl, secret, whole } from './fields.js';
export { ConfigError, loadConfig } from './load.js';
