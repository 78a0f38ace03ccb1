import { existsSync, readFileSync } from 'node:fs';
import { inRoot } from './paths.mjs';

/** Reads `.env` of the clone into the environment; what is set already wins, as everywhere. */
export function readEnvFile() {
  if (!existsSync(inRoot('.env'))) return;
  for (const line of readFileSync(inRoot('.env'), 'utf8').split('\n')) {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name && process.env[name] === undefined) process.env[name] = unquote(value);
  }
}

/** A comment may follow a bare value; in quotes everything counts. */
function unquote(value) {
  const quoted = /^(["'])(.*)\1(?:\s+#.*)?$/.exec(value);
  return quoted ? quoted[2] : value.replace(/(^|\s+)#.*$/, '');
}
