/** What is known of a key. Rows count from 1. */
export interface KeySeen {
  /** How often the key has come, this time included. */
  readonly occurrence: number;
  /** The row that held the key until now; 0: none did. */
  readonly holder: number;
}

/**
 * So many that the one which grows needs little beside the others, and so few that they soon have 128 KiB: from there on a block goes
 * back to the machine when it is freed, a smaller one leaves a hole. Their bits of the hash are known by the table and not kept.
 */
const SHARDS = 32;
const FIRST_SLOTS = 64;
/** Fuller tables have long runs (from 0.9 to 0.95 a key takes twice the time), emptier ones waste what planning has least of. */
const FULLEST = 0.9;
const GROWTH = 1.15;
/** Counts from here on stand beside the table: nearly every key comes once or a few times. */
const MANY = 255;
/** Three numbers of 4 bytes and two of 1. */
const SLOT_BYTES = 14;

/**
 * All keys of a file, as hashes in flat tables: 14 bytes per slot and about 17 per key, whatever the length of the keys. 77 bits of
 * hash tell keys apart: in a file of 8 million keys the chance that any two meet is below 1 in 4 billion. Tables grow one at a time
 * and not all at the same size, so that growing needs little beside them and the whole is always about as full.
 */
export class KeyRegistry {
  private readonly shards: Shard[] = [];

  /** Different keys seen. */
  size = 0;

  /** Notes that a row has the key. @param takes when the row holds the key from now on; else it is only counted */
  see(key: string, row: number, takes: 'always' | 'when_free' | 'never'): KeySeen {
    const hash = hashOf(key);
    const at = hash.third & (SHARDS - 1);
    let shard = this.shards[at] ?? new Shard(Math.ceil(FIRST_SLOTS * GROWTH ** (at / SHARDS)));
    if (shard.isFull) shard = shard.grown();
    this.shards[at] = shard;
    const slot = shard.find(hash.first, hash.second, hash.third >>> 8);
    if (shard.counts[slot] === 0) this.size++;
    return shard.note(slot, row, takes);
  }

  /** Forgets all keys. Their memory is free at once; the collector would come for it too late for what needs it next. */
  clear(): void {
    for (const shard of this.shards) shard?.free();
    this.shards.length = 0;
    this.size = 0;
  }
}

class Shard {
  private readonly first: Uint32Array;
  private readonly second: Uint32Array;
  private readonly third: Uint8Array;
  private readonly holders: Uint32Array;
  readonly counts: Uint8Array;
  private readonly block: ArrayBuffer;
  private readonly many = new Map<number, number>();
  private used = 0;

  constructor(private readonly slots: number) {
    this.block = new ArrayBuffer(slots * SLOT_BYTES);
    this.first = new Uint32Array(this.block, 0, slots);
    this.second = new Uint32Array(this.block, slots * 4, slots);
    this.holders = new Uint32Array(this.block, slots * 8, slots);
    this.third = new Uint8Array(this.block, slots * 12, slots);
    this.counts = new Uint8Array(this.block, slots * 13, slots);
  }

  get isFull(): boolean {
    return this.used >= this.slots * FULLEST;
  }

  /** The slot of a hash, taken or free. */
  find(first: number, second: number, third: number): number {
    let slot = Math.floor((second / 2 ** 32) * this.slots);
    for (; this.counts[slot] !== 0; slot = slot + 1 === this.slots ? 0 : slot + 1) {
      if (this.first[slot] === first && this.second[slot] === second && this.third[slot] === third) return slot;
    }
    this.first[slot] = first;
    this.second[slot] = second;
    this.third[slot] = third;
    return slot;
  }

  note(slot: number, row: number, takes: 'always' | 'when_free' | 'never'): KeySeen {
    const holder = this.holders[slot] as number;
    const occurrence = this.countAt(slot) + 1;
    this.count(slot, occurrence);
    if (takes === 'always' || (takes === 'when_free' && holder === 0)) this.holders[slot] = row;
    return { occurrence, holder };
  }

  /** A larger table of the same keys; this one is used up. */
  grown(): Shard {
    const larger = new Shard(Math.ceil(this.slots * GROWTH));
    for (let slot = 0; slot < this.slots; slot++) {
      const count = this.countAt(slot);
      if (count === 0) continue;
      const place = larger.find(this.first[slot] as number, this.second[slot] as number, this.third[slot] as number);
      larger.count(place, count);
      larger.holders[place] = this.holders[slot] as number;
    }
    // The collector would come when all tables that ever were take 64 MB more than those that are.
    this.free();
    return larger;
  }

  /** Its memory is free now; it must not be used any more. */
  free(): void {
    this.block.transfer(0);
  }

  private countAt(slot: number): number {
    const count = this.counts[slot] as number;
    return count < MANY ? count : (this.many.get(slot) as number);
  }

  /** Notes how often the key of a slot has come. */
  private count(slot: number, occurrence: number): void {
    if (this.counts[slot] === 0) this.used++;
    this.counts[slot] = Math.min(occurrence, MANY);
    if (occurrence >= MANY) this.many.set(slot, occurrence);
  }
}

/** Three lanes of multiply-and-rotate over the characters (after MurmurHash3's mixing), 32, 32 and 16 bits. */
function hashOf(key: string): { readonly first: number; readonly second: number; readonly third: number } {
  let [a, b, c] = [0x9e3779b1 ^ key.length, 0x85ebca77, 0xc2b2ae3d];
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    a = Math.imul(a ^ code, 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ code, 0xcc9e2d51);
    b = (b << 15) | (b >>> 17);
    c = Math.imul(c ^ code, 0x1b873593);
    c = (c << 17) | (c >>> 15);
  }
  return { first: mixed(a ^ (b >>> 7)), second: mixed(b ^ (c >>> 9)), third: mixed(c ^ (a >>> 11)) & 0xffff };
}

function mixed(hash: number): number {
  let mix = hash ^ (hash >>> 16);
  mix = Math.imul(mix, 0x85ebca6b);
  mix ^= mix >>> 13;
  mix = Math.imul(mix, 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
