import { enter } from './lib/entry.mjs';

enter(() => import('./lib/migrate-main.mjs'));
