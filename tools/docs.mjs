import { enter } from './lib/entry.mjs';

enter(() => import('./lib/docs-main.mjs'));
