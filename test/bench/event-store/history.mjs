import { Ours } from './sides.mjs';
import { event, newStream } from './workload.mjs';

const STREAMS = 2_000;
/** A call writes some events to some of the streams, so that a page of the feed holds a hundred of them. */
const [AT_ONCE, EACH] = [100, 10];

/** Writes a history of so many events and answers its last position. */
export async function writeHistory(rtUrl, events) {
  const ours = new Ours(rtUrl, 1);
  const streams = Array.from({ length: STREAMS }, () => newStream().stream);
  const some = Array.from({ length: EACH }, () => event);
  let last = 0;
  for (let written = 0, at = 0; written < events; written += AT_ONCE * EACH, at = (at + AT_ONCE) % STREAMS) {
    const appends = streams.slice(at, at + AT_ONCE).map((stream) => ({ stream, events: some }));
    last = (await ours.store.appendBulk(appends, { expected: 'any' })).lastPosition;
  }
  await ours.close();
  return last;
}
