import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { createGunzip } from 'node:zlib';

/** Every artist name of a packed dump, each once: of releases, of tracks and of credits. @param {string} file */
export async function artistNames(file) {
  const { SAXParser } = createRequire(import.meta.url)('sax');
  const parser = new SAXParser(true);
  const path = [];
  const names = new Set();
  let words = '';
  parser.onopentag = ({ name }) => {
    path.push(name);
    words = '';
  };
  parser.ontext = (text) => (words += text);
  parser.onclosetag = () => {
    if (path.at(-1) === 'name' && path.at(-2) === 'artist') names.add(words);
    path.pop();
  };
  for await (const chunk of createReadStream(file).pipe(createGunzip()).setEncoding('utf8')) parser.write(chunk);
  return [...names];
}
