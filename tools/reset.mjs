import { enter } from './lib/entry.mjs';

enter(() => import('./lib/reset-main.mjs'));
