import { enter } from './lib/entry.mjs';

enter(() => import('./lib/precommit-main.mjs'));
