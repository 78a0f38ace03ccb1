import { enter } from './lib/entry.mjs';

enter(() => import('./lib/audit-main.mjs'));
