import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Databases } from '#platform/persistence';

/** Where it is heard that something has been committed for the feed or the outbox. */
export const FEED_CHANNEL = 'es_feed';
/**
 * At most one announcement per so many ms. Never inside the transaction of an append: commits that NOTIFY queue behind each
 * other (measured 5.4 times slower).
 */
const COALESCE_MS = 20;

/** A notification holds 8,000 bytes; a tenant's id has 37 with its comma. */
const MOST_NAMED = 100;

/** Tells the workers that there is something new, so that they look before their next round. A lost one costs only that wait. */
@Injectable()
export class FeedWakeUps implements BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private readonly tenants = new Set<string>();
  private sentAt = -Infinity;

  constructor(@Inject(Databases) private readonly databases: Databases) {}

  /** After a commit. Never waits and never fails. @param tenantId whose events were committed */
  send(tenantId = ''): void {
    this.tenants.add(tenantId);
    if (this.timer) return;
    const waitMs = Math.max(0, this.sentAt + COALESCE_MS - performance.now());
    this.timer = setTimeout(() => this.announce(), waitMs);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearTimeout(this.timer);
  }

  private announce(): void {
    this.timer = undefined;
    this.sentAt = performance.now();
    // No names where they would be many, or where one is not known.
    const isNamed = this.tenants.size <= MOST_NAMED && !this.tenants.has('');
    const payload = isNamed ? [...this.tenants].join(',') : '';
    this.tenants.clear();
    this.databases
      .get('main')
      .pool.query('select pg_notify($1, $2)', [FEED_CHANNEL, payload])
      .catch(() => undefined);
  }
}
