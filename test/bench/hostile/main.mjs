import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJsonBody } from '../../../dist/libs/platform/http/src/body/body-parser.js';
import { redactText } from '../../../dist/libs/platform/telemetry/src/redact.js';
import { prepareDatabase } from '../http/database.mjs';
import { HTTP_SCRIPT } from '../http/servers.mjs';
import { figure } from '../support/figures.mjs';
import { Served } from '../support/served.mjs';

const MIB = 1_048_576;
const TRIES = 7;
/** Connections that send a letter a second. */
const SLOW = 300;
const CALLS = 1_000;

const HEAD = { method: 'POST', headers: { 'content-type': 'application/json' } };

/** Bodies up to the limit of 1 MiB, each the worst of its kind. */
const BODIES = {
  levels: '['.repeat(MIB),
  members: `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join(',')}`.slice(0, MIB),
  values: `[${'0,'.repeat(MIB / 2 - 1)}0]`,
  escapes: `{"name":"${'\\u0041'.repeat(170_000)}"}`,
  digits: `{"name":${'9'.repeat(MIB - 20)}}`,
  blanks: ' '.repeat(MIB),
  quotes: '"'.repeat(MIB),
  lines: '\n'.repeat(MIB),
};

/** Texts that make careless patterns go back and forth; 8,192 characters are all that is looked at. */
const TEXTS = [
  ...[
    'eyJ',
    'a-',
    'op_',
    '4111-',
    'eyJaaaa.',
    '1234 ',
    '4',
    'cookie:',
    'bearer ',
    'key="\\',
    '-----BEGIN PRIVATE KEY-----',
  ],
  `-----BEGIN ${'A'.repeat(8_000)}`,
  `://${'a@'.repeat(4_000)}`,
].map((text) => text.repeat(Math.ceil(8_192 / text.length)));

/** CPU milliseconds of the quickest of some tries: the machine's own delays are not the code's. */
function cpuMs(work) {
  const times = Array.from({ length: TRIES }, () => {
    const from = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}

function refuse(body) {
  try {
    readJsonBody(HEAD, body);
  } catch {
    // That it is refused, and how, is what the tests look at.
  }
}

/** The time that 99 of 100 calls in a row kept below, in milliseconds. */
async function p99(call) {
  const times = [];
  for (let i = 0; i < CALLS; i++) {
    const from = performance.now();
    await call();
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[Math.floor(CALLS * 0.99)];
}

function slowClients(url) {
  const { hostname, port } = new URL(url);
  return Array.from({ length: SLOW }, () => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write('GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const drip = setInterval(() => socket.writable && socket.write('a'), 1_000);
    return () => (clearInterval(drip), socket.destroy());
  });
}

async function slowness() {
  const { env, key, drop } = await prepareDatabase();
  const api = new Served(HTTP_SCRIPT, 'ours', env);
  try {
    await api.ready();
    const me = async () => {
      const answer = await fetch(`${api.url}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } });
      if (!answer.ok) throw new Error(`/api/v1/me answered ${answer.status}`);
      await answer.text();
    };
    await p99(me);
    const calm = await p99(me);
    const ends = slowClients(api.url);
    await sleep(500);
    const busy = await p99(me);
    for (const end of ends) end();
    figure('hostile-slow-clients-p99-ratio', busy / calm, 'ratio', { op: '<=', limit: 2, wallClock: true });
  } finally {
    api.stop();
    await drop();
  }
}

for (const [name, text] of Object.entries(BODIES)) {
  const body = Buffer.from(text);
  figure(
    `hostile-body-${name}`,
    cpuMs(() => refuse(body)),
    'ms-cpu',
    { op: '<=', limit: 50 },
  );
}
figure('hostile-text-redacted', Math.max(...TEXTS.map((text) => cpuMs(() => redactText(text)))), 'ms-cpu', {
  op: '<=',
  limit: 50,
});
await slowness();
