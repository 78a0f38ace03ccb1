import type { Applied, ReadyRecord } from '../../libs/freight/src/targets/record-targets.js';
import type { Unit } from '../../libs/platform/persistence/src/index.js';

export const ADDITIVE_TABLE: string;
export function addRecords(unit: Unit, records: readonly ReadyRecord[], delayMs?: number): Promise<Applied[]>;
