/**
 * Releases in the shapes of real catalogues (a thousand of Discogs' releases of 2020): how many artists, tracks and styles they have,
 * how often genres, formats and countries occur, and words that are drawn like words of a language: few often, many seldom. The
 * vocabulary is made of syllables, so that the benchmark needs no file.
 */
const SYLLABLES =
  'ba be bi bo bra ca ce chi co da de di do dra el en er fa fe fi fo ga ge go gra ha he hi ho in ja jo ka ke ki ko la le li lo lu ma me mi mo na ne ni no on or pa pe pi po ra re ri ro sa se shi so sta ta te ti to tra un va ve vi vo wa we wi za zo'.split(
    ' ',
  );
const GENRES = [
  ['Electronic', 38],
  ['Rock', 26],
  ['Pop', 12],
  ['Hip Hop', 8],
  ['Jazz', 6],
  ['Funk / Soul', 5],
  ['Reggae', 3],
  ['Classical', 2],
];
const FORMATS = [
  ['Vinyl', 50],
  ['CD', 28],
  ['File', 9],
  ['Cassette', 8],
  ['CDr', 3],
  ['Box Set', 2],
];
const COUNTRIES = [
  ['US', 30],
  ['UK', 20],
  ['Germany', 14],
  ['France', 8],
  ['Netherlands', 6],
  ['Italy', 6],
  ['Sweden', 4],
  ['Japan', 4],
  ['Canada', 4],
  ['Belgium', 4],
];

/** A generator of numbers from 0 to 1 that always gives the same (mulberry32). */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The generator of one catalogue. */
export class Catalogue {
  constructor(seed = 1) {
    this.random = seeded(seed);
    this.words = Array.from({ length: 20_000 }, () => this.word());
    this.names = Array.from({ length: 25_000 }, () => this.name());
    this.labels = Array.from({ length: 4_000 }, () => `${capital(this.often(this.words))} Records`);
    this.styles = Array.from(
      { length: 180 },
      () => `${capital(this.often(this.words))} ${capital(this.often(this.words))}`,
    );
  }

  /** Release number `n` as an item of a bulk request. */
  release(n) {
    const year = 1955 + Math.floor(65 * Math.sqrt(this.random()));
    const tracks = 1 + Math.floor(16 * this.random() ** 1.4);
    return {
      externalId: String(n),
      title: this.phrase(1 + Math.floor(3 * this.random())),
      artists: Array.from({ length: this.random() < 0.9 ? 1 : 2 }, () => this.often(this.names)),
      labels: [
        {
          name: this.often(this.labels),
          catalogNumber: `${capital(this.often(this.words)).slice(0, 3).toUpperCase()} ${n % 997}`,
        },
      ],
      formats: [{ name: weighted(FORMATS, this.random()), quantity: 1 }],
      country: weighted(COUNTRIES, this.random()),
      released: this.random() < 0.1 ? String(year) : `${year}-0${1 + Math.floor(9 * this.random())}`,
      genres: [...new Set(Array.from({ length: this.random() < 0.8 ? 1 : 2 }, () => weighted(GENRES, this.random())))],
      styles: [...new Set(Array.from({ length: 1 + Math.floor(2.5 * this.random()) }, () => this.often(this.styles)))],
      tracks: Array.from({ length: tracks }, (_, i) => ({
        position: String(i + 1),
        title: this.phrase(1 + Math.floor(4 * this.random())),
        duration: '4:33',
      })),
      ...(this.random() < 0.3 && { barcode: String(1e12 + n) }),
    };
  }

  phrase(words) {
    return Array.from({ length: words }, () => capital(this.often(this.words))).join(' ');
  }

  /** One of a list: the first much more often than the last. */
  often(list) {
    return list[Math.floor(list.length * this.random() ** 3)];
  }

  word() {
    const syllables = 2 + Math.floor(2.5 * this.random());
    return Array.from({ length: syllables }, () => SYLLABLES[Math.floor(SYLLABLES.length * this.random())]).join('');
  }

  name() {
    const words = 1 + Math.floor(2.6 * this.random());
    return Array.from({ length: words }, () => capital(this.often(this.words))).join(' ');
  }
}

function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function weighted(choices, random) {
  let left = random * choices.reduce((sum, [, weight]) => sum + weight, 0);
  return (choices.find(([, weight]) => (left -= weight) < 0) ?? choices[0])[0];
}
