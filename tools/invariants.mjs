import { enter } from './lib/entry.mjs';

enter(() => import('./lib/invariants-main.mjs'));
