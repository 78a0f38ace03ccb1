import { enter } from './lib/entry.mjs';

enter(() => import('./lib/client-main.mjs'));
