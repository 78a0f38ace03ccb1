import { z } from 'zod';
import type { IdKind } from '#platform/kernel';
import { type EventRegistry, eventTypes } from './event-registry.js';

/** Keyword of JSON schemas: the kind of thing whose id a UUID is. */
export const ID_KIND = 'x-id-kind';

/**
 * The UUID of a thing in the data of a published fact: `releaseId: idField('release')`. Other contexts get it as it is stored; in
 * the change feed and its catalogue it is a typed id.
 */
export function idField(kind: IdKind): z.ZodType<string, string> {
  return z.uuid().meta({ [ID_KIND]: kind });
}

/** What a cut may look at besides the data: where and when the stored event happened. */
export interface FactSource {
  readonly type: string;
  readonly data: object;
  readonly tenantId: string;
  readonly streamId: string;
  readonly recordedAt: Date;
}

/**
 * The body of a fact, cut from the data of a stored event in its current shape; undefined where that event says nothing to the
 * outside. A pure function; it may name the type of its data: `(data: ItemReceived) => ({ ... })`.
 */
export type FactCut = { cut(data: object, source: FactSource): object | undefined }['cut'];

/** A published fact that is cut from private events. */
export interface FactSpec {
  /** For the catalogue: what has happened when it is published. */
  readonly summary: string;
  /** Of the body. Within a version it only ever gains members that may be absent. */
  readonly schema: z.ZodType<object>;
  /** A body, for the catalogue. */
  readonly example: object;
  /** Stored types and how each becomes the fact. One may become several: an old version of a fact lives on beside the new. */
  readonly from: Readonly<Record<string, FactCut>>;
}

/** A fact as the catalogue has it. */
export interface PublishedFact {
  readonly type: string;
  readonly summary: string | undefined;
  readonly schema: z.ZodType<object>;
  readonly example: object | undefined;
}

const PUBLISHED = /^[a-z][a-z0-9]*\.[a-z0-9]+(-[a-z0-9]+)*\.v\d+$/;

/**
 * What the outside may rely on: in the change feed, and in what other contexts react to. A stored event whose type ends in its
 * version (`catalog.release-changed.v1`) is published as it stands; others are private unless a fact is cut from them.
 */
export class PublishedFacts {
  private readonly specs = new Map<string, FactSpec>();
  private readonly typesOf = new Map<string, string[]>();

  constructor(private readonly stored: EventRegistry) {}

  /** @throws Error for a name that is taken or lacks its version */
  publish(specs: Readonly<Record<string, FactSpec>>): void {
    for (const [type, spec] of Object.entries(specs)) {
      if (!PUBLISHED.test(type)) throw new Error(`${type} is no name for a published fact: use context.past-fact.v1`);
      if (this.specs.has(type)) throw new Error(`the fact ${type} is published twice`);
      this.specs.set(type, spec);
      for (const from of Object.keys(spec.from)) this.typesOf.set(from, [...(this.typesOf.get(from) ?? []), type]);
    }
  }

  /** Every published fact, by name. */
  all(): PublishedFact[] {
    const cut = [...this.specs].map(([type, { summary, schema, example }]) => ({ type, summary, schema, example }));
    const asStored = this.stored.all().filter(({ type }) => PUBLISHED.test(type));
    return [...cut, ...asStored.map(({ type, summary, schema, example }) => ({ type, summary, schema, example }))].sort(
      (a, b) => (a.type < b.type ? -1 : 1),
    );
  }

  /** The stored types behind some types: a fact stands for those it is cut from, any other for itself. */
  storedTypes(types: readonly string[]): string[] {
    return [...new Set(types.flatMap((type) => Object.keys(this.specs.get(type)?.from ?? { [type]: true })))];
  }

  /** What an event is to one who listens to these types: itself, the facts that are cut from it, or nothing. */
  seenAs<E extends FactSource>(types: readonly string[], event: E): E[] {
    const cut = (this.typesOf.get(event.type) ?? []).flatMap((type) => {
      const data = types.includes(type) ? this.specs.get(type)?.from[event.type]?.(event.data, event) : undefined;
      return data ? [{ ...event, type, data }] : [];
    });
    return types.includes(event.type) ? [event, ...cut] : cut;
  }
}

/** The facts of the running build; contexts publish theirs when they are loaded. */
export const publishedFacts = new PublishedFacts(eventTypes);

/** Publishes facts that are cut from a context's private events, in its `<context>.events.ts`. */
export function publishFacts(specs: Readonly<Record<string, FactSpec>>): void {
  publishedFacts.publish(specs);
}
