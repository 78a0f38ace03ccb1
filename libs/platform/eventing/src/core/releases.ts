import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { DomainEvent } from './decider.js';
import type { EventDefinition, EventRegistry } from './event-registry.js';

/** A version of an event that has ever been written by a released build; committed, one file each. */
export interface EventRelease {
  readonly type: string;
  readonly version: number;
  readonly schema: object;
  /** Data as it was written then. */
  readonly samples: readonly object[];
}

/** The JSON schema of an event's current version, as it is committed. */
export function jsonSchemaOf(definition: EventDefinition): object {
  // Through JSON, so that it compares with what was read from a file.
  return JSON.parse(JSON.stringify(z.toJSONSchema(definition.schema))) as object;
}

/**
 * Where the defined events and the committed releases part, in words: a schema that changed without a new version, a version
 * without a sample, a sample that no longer reads or folds. Empty is good.
 * @param foldOne folds one event where its kind can be folded; what it throws is a fault
 */
export function releaseFaults(
  registry: EventRegistry,
  releases: readonly EventRelease[],
  foldOne: (event: DomainEvent) => unknown = () => undefined,
): string[] {
  const known = registry.all();
  const strays = releases.filter((release) => !known.some((definition) => covers(definition, release)));
  return [
    ...strays.map(({ type, version }) => `${type} v${version} was released and is not defined any more`),
    ...known.flatMap((definition) =>
      faultsOf(definition, releases, (release) => sampleFaults(registry, release, foldOne)),
    ),
  ];
}

const covers = ({ type, version }: EventDefinition, release: EventRelease): boolean =>
  release.type === type && release.version >= 1 && release.version <= version;

function faultsOf(
  definition: EventDefinition,
  releases: readonly EventRelease[],
  samples: (release: EventRelease) => string[],
): string[] {
  const { type } = definition;
  return Array.from({ length: definition.version }, (_, index) => index + 1).flatMap((version) => {
    const release = releases.find((one) => one.type === type && one.version === version);
    if (!release || release.samples.length === 0) return [`${type} v${version} has no committed release with a sample`];
    const changed = version === definition.version && !isDeepStrictEqual(release.schema, jsonSchemaOf(definition));
    return [...(changed ? [`${type} v${version} changed its schema without a new version`] : []), ...samples(release)];
  });
}

function sampleFaults(
  registry: EventRegistry,
  release: EventRelease,
  foldOne: (event: DomainEvent) => unknown,
): string[] {
  const { type, version } = release;
  return release.samples.flatMap((sample, index) => {
    try {
      const event = registry.read(type, version, sample);
      registry.check(event);
      foldOne(event);
      return [];
    } catch (error) {
      return [`${type} v${version}, sample ${index + 1}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}
