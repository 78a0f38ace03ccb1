import { parseId } from '#platform/kernel';
import { request } from './api.js';
import { type ApiProcess, apiSettings, startApiProcess } from './api-process.js';
import { makeStore } from './client.js';
import { StockRaces } from './stock-races.js';

/** How long and how rough a run is. */
export interface StockKillsPlan {
  readonly buyers: number;
  readonly lanes: number;
  /** How often the api is killed with -9 and started again. */
  readonly kills: number;
  /** Units of the pool that all want. */
  readonly units: number;
}

/** What was found afterwards. */
export interface StockKillsFindings {
  /** Requests that had to be repeated: without any, the run has proved nothing. */
  readonly repeats: number;
  /** Reservations that buyers were told of. */
  readonly acknowledged: number;
  /** Of them, those that are not there, or not as they were told. */
  readonly lost: readonly string[];
  /** Reservations that nobody was told of. */
  readonly unknown: number;
  readonly breaches: readonly object[];
  /** Statuses that were answered. */
  readonly statuses: readonly number[];
}

const RETRY_MS = 20;

/**
 * Buyers reserve with an Idempotency-Key and repeat until they are answered, while the api is killed. Afterwards every reservation
 * they were told of is there exactly once, there is no other, and all invariants hold.
 */
export async function stockKills({ buyers, lanes, kills, units }: StockKillsPlan): Promise<StockKillsFindings> {
  const races = await StockRaces.start(4);
  const settings = apiSettings(races.database);
  let api: ApiProcess = await startApiProcess(settings);
  const { url } = api;
  const fixed = { ...settings, PORT: new URL(url).port };
  try {
    const { key, tenantId, releaseId } = await makeStore({
      url,
      operatorToken: settings['OPERATOR_TOKEN'] ?? '',
      database: races.database,
    });
    const price = { amount: 1_999, currency: 'EUR' };
    const body = { releaseId, kind: 'pool', quantity: units, price };
    const pool = await request<{ id: string }>(`${url}/api/v1/inventory/items`, 'POST', { key, body });
    const told = new Map<string, string>();
    const statuses = new Set<number>();
    let repeats = 0;
    let next = 0;
    const buy = async (buyer: number): Promise<void> => {
      const call = {
        key,
        body: { items: [{ itemId: pool.body.id, quantity: 1 }] },
        headers: { 'idempotency-key': `buyer-${buyer}` },
      };
      for (;;) {
        const answer = await request<{ id: string }>(`${url}/api/v1/inventory/reservations`, 'POST', call).catch(
          () => undefined,
        );
        if (answer) statuses.add(answer.status);
        if (answer?.status === 201) return void told.set(`buyer-${buyer}`, answer.body.id);
        if (answer?.status === 409 && answer.text.includes('inventory.not_enough_stock')) return;
        repeats += 1;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    };
    const lane = async (): Promise<void> => {
      while (next < buyers) await buy(next++);
    };
    const all = Promise.all(Array.from({ length: lanes }, lane));
    for (let kill = 1; kill <= kills; kill++) {
      while (next < (buyers * kill) / (kills + 1)) await new Promise((resolve) => setTimeout(resolve, 5));
      await api.kill();
      api = await startApiProcess(fixed);
    }
    await all;
    const uuid = parseId('tenant', tenantId) ?? '';
    const lines = await races.database.admin<{ id: string }>(
      `select reservation_id as id from inventory.reservation_line where tenant_id = $1 and item_id = $2 and state = 'held'`,
      [uuid, parseId('stockItem', pool.body.id)],
    );
    const there = new Set(lines.map(({ id }) => id));
    const expected = new Set([...told.values()].map((id) => parseId('reservation', id) ?? ''));
    return {
      repeats,
      acknowledged: told.size,
      lost: [...expected].filter((id) => !there.has(id)),
      unknown: [...there].filter((id) => !expected.has(id)).length,
      breaches: await races.breaches({ tenantId: uuid, actor: { kind: 'system', tenantId: uuid, name: 'test' } }),
      statuses: [...statuses].sort(),
    };
  } finally {
    await api.kill();
    await races.close();
  }
}
