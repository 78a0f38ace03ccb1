import { expect } from '@jest/globals';
import type { BareStore } from '../support/client.js';
import type { JobView } from '../../libs/freight/src/freight.views.js';
import type { Product } from '../support/freight-product.js';
import type { RealImport } from './mappings/real-import.js';

/** Imports a real file twice: first all of it is new, then nothing. @returns both jobs */
export async function expectTwice(product: Product, store: BareStore, real: RealImport): Promise<[JobView, JobView]> {
  const { makes, skipped, rows } = real;
  const of = { total: rows, skipped, updated: 0, failed: 0 };
  const first = await product.over(store, await product.start(store, real));
  expect(first).toMatchObject({ state: 'completed', counts: { ...of, created: rows - skipped, unchanged: 0 } });
  expect(first.releases).toMatchObject({ created: makes.releases });
  expect(first.stock).toMatchObject({ created: makes.stock, updated: 0, unchanged: 0 });
  const held = await product.holdings(store);
  expect(held).toMatchObject(makes);
  const second = await product.over(store, await product.start(store, real));
  expect(second).toMatchObject({ state: 'completed', counts: { ...of, created: 0, unchanged: rows - skipped } });
  expect(second.releases).toMatchObject({ created: 0, updated: 0 });
  expect(second.stock).toEqual({ created: 0, updated: 0, unchanged: makes.stock });
  expect(await product.holdings(store)).toEqual(held);
  return [first, second];
}
