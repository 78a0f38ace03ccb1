import { enter } from './lib/entry.mjs';

enter(() => import('./lib/build-main.mjs'));
