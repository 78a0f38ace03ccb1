import { afterEach, describe, expect, it } from '@jest/globals';
import {
  counter,
  gauge,
  histogram,
  renderMetrics,
  resetMetrics,
  startProcessMetrics,
  tracedHistogram,
} from './metrics.js';

afterEach(resetMetrics);

describe('given declared metrics', () => {
  it('then they are rendered as OpenMetrics with their values', async () => {
    counter('app_records_imported_total', 'Records.', ['outcome']).inc({ outcome: 'created' }, 3);
    histogram('app_batch_seconds', 'Batches.').observe(0.15);
    gauge('app_queue_waiting', 'Waiting.').set(7);
    const { contentType, body } = await renderMetrics();
    expect(contentType).toContain('application/openmetrics-text');
    expect(body).toContain('app_records_imported_total{outcome="created"} 3');
    expect(body).toContain('app_batch_seconds_bucket{le="0.2"} 1');
    expect(body).toContain('app_batch_seconds_bucket{le="0.1"} 0');
    expect(body).toContain('app_queue_waiting 7');
    expect(body.endsWith('# EOF\n')).toBe(true);
  });

  it('then rendering again gives the same names', async () => {
    counter('app_twice_rendered_total', 'Twice.').inc();
    await renderMetrics();
    counter('app_twice_rendered_total', 'Twice.').inc();
    expect((await renderMetrics()).body).toContain('\napp_twice_rendered_total 2');
  });

  it('then a bucket of a traced histogram names a trace', async () => {
    tracedHistogram('app_traced_seconds', 'Traced.', ['route'])({ route: '/a' }, 0.03, 'f'.repeat(32));
    expect((await renderMetrics()).body).toMatch(
      /app_traced_seconds_bucket\{le="0.05",route="\/a"\} 1 # \{trace_id="f{32}"\} 0.03/,
    );
  });

  it('then event loop and process are among them once started, however often', async () => {
    startProcessMetrics();
    startProcessMetrics();
    const { body } = await renderMetrics();
    expect(body).toContain('nodejs_eventloop_lag_seconds');
    expect(body).toContain('process_cpu_seconds_total');
  });
});

describe('given a second declaration of a name', () => {
  it('then the same metric is answered when it is the same', () => {
    expect(counter('app_same_total', 'Same.', ['a'])).toBe(counter('app_same_total', 'Same.', ['a']));
  });

  it('then a later reader of a gauge takes the place of the earlier one', async () => {
    gauge('app_read', 'Read.', [], (all) => all.set(1));
    gauge('app_read', 'Read.', [], (all) => all.set(2));
    expect((await renderMetrics()).body).toContain('\napp_read 2');
  });

  it('then another type or other labels are refused', () => {
    counter('app_clash_total', 'Clash.');
    expect(() => counter('app_clash_total', 'Clash.', ['a'])).toThrow(
      'app_clash_total is counter() elsewhere and counter(a) here',
    );
  });
});

describe('given names and labels that break the rules', () => {
  it.each([
    () => counter('app_things', 'No _total.'),
    () => counter('records_total', 'No prefix.'),
    () => counter('app_Things_total', 'Capital.'),
    () => histogram('app_duration_ms', 'Not a base unit.'),
    () => gauge('app_things_total', 'A gauge is no total.'),
  ])('then %#. is no name', (declare) => {
    expect(declare).toThrow('is no name for a');
  });

  it.each(['tenant', 'tenant_id', 'tenantId', 'key_id', 'requestId'])('then the label %s has no bound', (label) => {
    expect(() => counter('app_bounded_total', 'Bounded.', [label])).toThrow(
      `label ${label} of app_bounded_total has no bound`,
    );
  });
});
