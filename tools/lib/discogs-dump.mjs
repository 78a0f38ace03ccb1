import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { createGunzip } from 'node:zlib';
import { inRoot } from './paths.mjs';

/** Elements of a release that hold text we read, by the path below `release`. */
const TEXTS = {
  title: 'title',
  country: 'country',
  released: 'released',
  'genres/genre': 'genre',
  'styles/style': 'style',
  'artists/artist/name': 'artist',
  'formats/format/descriptions/description': 'description',
};
/** Tracks may hold tracks, and those their artists; only the innermost names count. */
const TRACK_TEXTS = { position: 'position', title: 'title', duration: 'duration' };

/**
 * The releases of a Discogs data dump, one by one, as items of a bulk request. The file is streamed: a dump of all releases has
 * 80 GB.
 * @param {string} file XML, or XML packed with gzip where its name ends in .gz
 * @returns {AsyncGenerator<{ item: object, facts: { formats: string[], tracks: number, topTracks: number, barcodes: number } }>}
 */
export async function* readDump(file) {
  const { SAXParser } = createRequire(inRoot('package.json'))('sax');
  const parser = new SAXParser(true, { trim: false, position: true });
  const reader = new DumpReader();
  parser.onopentag = ({ name, attributes }) => reader.open(name, attributes);
  parser.onclosetag = (name) => reader.close(name);
  parser.ontext = (text) => reader.text(text);
  parser.oncdata = (text) => reader.text(text);
  parser.onerror = (error) => {
    throw error;
  };
  const raw = createReadStream(file);
  const stream = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
  raw.on('error', (error) => stream.destroy(error));
  for await (const chunk of stream.setEncoding('utf8')) {
    parser.write(chunk);
    yield* reader.take();
  }
  parser.close();
  yield* reader.take();
}

/** Follows the elements and keeps what belongs to the release at hand. */
class DumpReader {
  constructor() {
    this.path = [];
    this.done = [];
    this.release = undefined;
    this.words = '';
  }

  open(name, attributes) {
    if (!this.release) {
      if (name === 'release') this.release = emptyRelease(attributes.id);
      return;
    }
    this.path.push(name);
    this.words = '';
    const { release } = this;
    if (name === 'label' && this.isAt('labels/label')) release.labels.push(attributes);
    if (name === 'format' && this.isAt('formats/format')) release.formats.push({ ...attributes, descriptions: [] });
    if (name === 'identifier' && attributes.type === 'Barcode') release.barcodes.push(attributes.value);
    if (name === 'track') release.tracks.push({ isTop: this.isAt('tracklist/track'), artists: [] });
  }

  text(words) {
    this.words += words;
  }

  close(name) {
    const { release } = this;
    if (!release) return;
    if (this.path.length === 0) {
      this.done.push(resultOf(release));
      this.release = undefined;
      return;
    }
    this.keep(name);
    this.path.pop();
  }

  keep(name) {
    const { release, words } = this;
    const kind = TEXTS[this.path.join('/')];
    const track = release.tracks.at(-1);
    if (kind === 'description') release.formats.at(-1).descriptions.push(words);
    else if (kind === 'artist') release.artists.push(words);
    else if (kind === 'genre' || kind === 'style') release[`${kind}s`].push(words);
    else if (kind) release[kind] = words;
    else if (TRACK_TEXTS[name] && this.path.at(-2) === 'track') track[name] = words;
    else if (name === 'name' && this.path.slice(-4).join('/') === 'track/artists/artist/name')
      track.artists.push(words);
    this.words = '';
  }

  isAt(path) {
    return this.path.join('/') === path;
  }

  take() {
    return this.done.splice(0);
  }
}

function emptyRelease(id) {
  return { id, artists: [], labels: [], formats: [], genres: [], styles: [], tracks: [], barcodes: [] };
}

function resultOf(release) {
  const facts = {
    formats: release.formats.map(({ name }) => name),
    tracks: release.tracks.length,
    topTracks: release.tracks.filter(({ isTop }) => isTop).length,
    barcodes: release.barcodes.length,
  };
  return { item: itemOf(release), facts };
}

/** What the catalogue takes of it. */
function itemOf({ id, title, artists, labels, formats, genres, styles, tracks, barcodes, country, released }) {
  const date = partialDate(released);
  return {
    externalId: id,
    title: line(title),
    artists: artists.map(artistName),
    labels: labels.map(({ name, catno }) => ({
      name: artistName(name),
      ...(line(catno) && { catalogNumber: line(catno) }),
    })),
    formats: formats.map(({ name, qty, descriptions }) => ({
      name: line(name),
      ...(/^\d{1,4}$/.test(qty) && { quantity: Number(qty) }),
      ...(descriptions.length > 0 && { descriptions: descriptions.map(line) }),
    })),
    genres: genres.map(line),
    styles: styles.map(line),
    tracks: tracks.map((track) => ({
      title: line(track.title) || '-',
      ...(line(track.position) && { position: line(track.position) }),
      ...(line(track.duration) && { duration: line(track.duration) }),
      ...(track.artists.length > 0 && { artists: track.artists.map(artistName) }),
    })),
    ...(barcodes.length > 0 && { barcode: barcodes.map(line).join(', ').slice(0, 200) }),
    ...(line(country) && { country: line(country) }),
    ...(date && { released: date }),
  };
}

/** `1999-03-00` is March 1999, `1999-00-00` the year; what is no date is left out. */
function partialDate(text = '') {
  const [, year, month, day] = /^([1-9]\d{3})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(text.trim()) ?? [];
  if (!year) return undefined;
  if (!month || month === '00' || month > '12') return year;
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return !day || day === '00' || Number(day) > last ? `${year}-${month}` : `${year}-${month}-${day}`;
}

/** Discogs tells artists of one name apart by a number at its end, which is on no cover. */
const artistName = (name) => line(name).replace(/ \(\d{1,4}\)$/, '');

/** One line without blanks around it. */
const line = (text = '') => text.replace(/\s+/g, ' ').trim();
