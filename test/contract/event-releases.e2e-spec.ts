/**
 * Looks at all types of events a process knows: with modules of its own.
 * @jest-environment node
 */
import { describe, expect, it } from '@jest/globals';
import { eventTypes, releaseFaults } from '#platform/eventing';
import { readReleases } from '../../libs/platform/eventing/testing/release-files.js';
import '../../apps/api/src/api.module.js';
import '../../apps/worker/src/worker.module.js';

describe('the events of all contexts', () => {
  it('have the schemas under which each version was released, and read every sample (else: a new version, npm run docs)', () => {
    expect(eventTypes.all().length).toBeGreaterThan(10);
    expect(releaseFaults(eventTypes, readReleases('docs/events'))).toEqual([]);
  });
});
