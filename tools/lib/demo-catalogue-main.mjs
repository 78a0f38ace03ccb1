import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { sendReleases } from './demo-catalogue.mjs';
import { readDump } from './discogs-dump.mjs';
import { readJson } from './files.mjs';
import { inData } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

/** Releases of one request: at some hundred values each they stay below the limits of a body. */
const PER_REQUEST = 250;

/**
 * `npm run demo:catalogue -- FILE`: fills the demo tenant from a Discogs data dump of releases, through the bulk route. The same
 * file again changes nothing.
 * @param {string[]} args
 */
export async function main([file, ...others]) {
  if (!file || others.length > 0 || !existsSync(resolve(file)))
    throw new SetupError(
      'Type: npm run demo:catalogue -- FILE, where FILE is a Discogs dump of releases: releases.xml or releases.xml.gz',
    );
  const url = process.env.RECRATE_URL ?? readJson(inData('run.json'))?.url;
  const apiKey = process.env.RECRATE_KEY ?? readJson(inData('demo.json'))?.apiKey;
  if (!url || !apiKey) throw new SetupError('Recrate does not run in this clone. Type in another terminal: npm start');
  const report = await fill(url, apiKey, resolve(file));
  for (const { externalId, code, field, message } of report.failures.slice(0, 10))
    console.log(`  ! release ${externalId}: ${code} ${field}: ${message}`);
  console.log(JSON.stringify({ ...report, failures: report.failures.length }, undefined, 2));
}

/** Sends a dump, and counts what it holds and what became of it. */
export async function fill(url, apiKey, file) {
  const report = {
    releases: 0,
    formats: {},
    tracks: 0,
    topTracks: 0,
    barcodes: 0,
    releasesWithBarcode: 0,
    outcomes: {},
    failures: [],
  };
  let waiting = [];
  const send = async () => {
    const outcomes = await sendReleases(url, apiKey, 'discogs', waiting);
    outcomes.forEach((one, index) => {
      report.outcomes[one.outcome] = (report.outcomes[one.outcome] ?? 0) + 1;
      if (one.outcome === 'failed') report.failures.push({ externalId: waiting[index].externalId, ...one });
    });
    waiting = [];
  };
  for await (const { item, facts } of readDump(file)) {
    report.releases += 1;
    report.tracks += facts.tracks;
    report.topTracks += facts.topTracks;
    report.barcodes += facts.barcodes;
    if (facts.barcodes > 0) report.releasesWithBarcode += 1;
    for (const name of facts.formats) report.formats[name] = (report.formats[name] ?? 0) + 1;
    waiting.push(item);
    if (waiting.length === PER_REQUEST) await send();
  }
  if (waiting.length > 0) await send();
  return report;
}
