import { enter } from './lib/entry.mjs';

enter(() => import('./lib/demo-catalogue-main.mjs'));
