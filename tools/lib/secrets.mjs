import { randomBytes } from 'node:crypto';
import { readJson, writeJson } from './files.mjs';

const random = (bytes) => randomBytes(bytes).toString('base64url');

/** Secrets of one clone and how each is made; none ever leaves `.data` except to the process that needs it. */
const MAKERS = {
  ownerPassword: () => random(24),
  rtPassword: () => random(24),
  workerPassword: () => random(24),
  platformPassword: () => random(24),
  roPassword: () => random(24),
  redisPassword: () => random(24),
  RECRATE_SECRET: () => random(48),
  /** 32 bytes are 43 characters. */
  OPERATOR_TOKEN: () => `op_${random(32)}`,
};

/**
 * @param {string} path
 * @returns {Record<keyof typeof MAKERS, string>} made once, then always the same
 */
export function loadSecrets(path) {
  const kept = readJson(path) ?? {};
  const missing = Object.keys(MAKERS).filter((name) => !kept[name]);
  if (missing.length === 0) return kept;
  const secrets = { ...kept, ...Object.fromEntries(missing.map((name) => [name, MAKERS[name]()])) };
  writeJson(path, secrets);
  return secrets;
}
